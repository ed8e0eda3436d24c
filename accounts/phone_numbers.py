"""Telephone numbers: one way to keep them, so that a message is known by its sender; another to read them."""

from __future__ import annotations

import re
from typing import Any

from django.db import models

#: What people put between the digits of one number.
_FILLING = re.compile(r"[\s\u00a0().\-\u2010-\u2015]+")
_INTERNATIONAL = re.compile(r"\+[0-9]{8,15}")


def normalise(given: str) -> str:
    """Return an Indonesian number as ``+628…``, a foreign one as ``+…``; what is no number is kept as given.

    ``0812…``, ``62812…``, ``+62 812…``, ``+62 0812…``, ``0062812…`` and, as
    spreadsheets leave it, ``812…`` are one number. Twice is the same as once.
    """
    trimmed = given.strip()
    plain = _FILLING.sub("", trimmed)
    if not re.fullmatch(r"\+?[0-9]{5,17}", plain):
        return trimmed
    if plain.startswith("00"):
        plain = "+" + plain[2:]
    if plain.startswith("62") and len(plain) >= 10:
        plain = "+" + plain
    if plain.startswith("+62"):
        return "+62" + plain[3:].removeprefix("0")
    if plain.startswith("0"):
        return "+62" + plain[1:]
    if re.fullmatch(r"8[0-9]{8,11}", plain):
        return "+62" + plain
    return plain


def normalise_start(words: str) -> str:
    """Write what begins like a number here as `normalise` would, in a search: "0812-34 siti" is "+6281234 siti"."""
    return " ".join(
        "+62" + _FILLING.sub("", word)[1:] if re.fullmatch(r"0[0-9][0-9.-]*", word) else word
        for word in words.split()
    )


def may_be_answered(number: str) -> bool:
    """True for a whole number: a name ("TELKOMSEL") and a short code take no message."""
    return _INTERNATIONAL.fullmatch(number) is not None


def spoken(number: str) -> str:
    """Write a number as people here read it out: ``0812-3456-7890``; a foreign one as it is kept."""
    if not number.startswith("+62"):
        return number
    digits = "0" + number[3:]
    return "-".join(part for part in (digits[:4], digits[4:8], digits[8:]) if part)


class PhoneField(models.CharField):
    """A number, kept and looked up as `normalise` writes it."""

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return normalise(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return normalise(value) if isinstance(value, str) else value

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = self.to_python(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, value)
        return value
