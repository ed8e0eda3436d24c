"""The sentences of the report: what to train, with the numbers it is said for."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from sista.templatetags.formats import format_number, format_share
from tallies.evaluation.advice import Advice, Lesson

LESSONS: dict[Lesson, Promise] = {
    Lesson.ACTIVATE: _(
        "Aktifkan ponsel sebelum hari pemungutan: %(part)s dari %(whole)s saksi (%(share)s) belum aktif saat itu."
    ),
    Lesson.SEND: _("Latih pengiriman C1: dari %(part)s dari %(whole)s TPS (%(share)s) tidak ada yang terkirim."),
    Lesson.PHOTO: _("Latih mengambil foto: foto %(part)s dari %(whole)s formulir (%(share)s) tidak dapat dipakai."),
    Lesson.TYPE: _("Latih mengisi angka: %(part)s dari %(whole)s formulir (%(share)s) adalah perbaikan."),
    Lesson.READ: _("Latih pembaca Kamar Hitung: %(part)s dari %(whole)s bacaan (%(share)s) salah."),
    Lesson.INVITATIONS: _("Latih laporan C6: %(part)s dari %(whole)s TPS (%(share)s) tidak melaporkannya."),
    Lesson.SETTLE: _("Putuskan selisih lebih cepat: %(part)s dari %(whole)s TPS masuk (%(share)s) masih janggal."),
}


def lesson_sentence(one: Advice) -> str:
    language = get_language()
    return str(LESSONS[one.lesson]) % {
        "part": format_number(one.part, language),
        "whole": format_number(one.whole, language),
        "share": format_share(one.share, language=language),
    }
