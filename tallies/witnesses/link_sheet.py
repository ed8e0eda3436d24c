"""An activation link as it is handed over: QR code, words for WhatsApp, the sheet to print."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

import segno
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.phone_numbers import may_be_answered, normalise


@dataclass(frozen=True)
class LinkSheet:
    """``url`` is told here and nowhere else; only its hash is kept."""

    person: User
    url: str
    expires_at: datetime

    @property
    def qr(self) -> str:
        """The link as an image that is part of the page: a data URI of SVG, with the white edge cameras need."""
        return segno.make(self.url, error="m", micro=False).svg_data_uri(border=4, light="#fff", omitsize=True)

    @property
    def whatsapp_url(self) -> str:
        """Opens WhatsApp with the message written; without a number it asks whom to send it to."""
        return f"https://wa.me/{international(self.person.phone)}?{urlencode({'text': self.message})}"

    @property
    def message(self) -> str:
        """In the language of the witness, who reads it."""
        with translation.override(self.person.language):
            until = date_format(timezone.localtime(self.expires_at), "j F Y")
            return _(
                "Halo %(name)s, ini tautan aktivasi ponsel Anda sebagai saksi di Sista. Buka di ponsel Anda sendiri "
                "dan jangan teruskan kepada siapa pun. Berlaku sampai %(until)s.\n%(url)s"
            ) % {"name": self.person, "until": until, "url": self.url}


def international(phone: str) -> str:
    """The number as WhatsApp wants it: 62812…; "" when it is no whole number."""
    number = normalise(phone)
    return number.removeprefix("+") if may_be_answered(number) else ""
