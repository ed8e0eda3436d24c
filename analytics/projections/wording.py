"""Why there is no projection yet, and what would bring one, as sentences."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from analytics.models import ProjectionRun
from analytics.projecting.projection import Refusal
from analytics.projecting.settings import ProjectionSettings
from sista.templatetags.formats import format_share


@dataclass(frozen=True)
class Why:
    reason: str
    needed: str


def why(run: ProjectionRun, thresholds: ProjectionSettings) -> Why | None:
    """Return why ``run`` refused; None where it did not."""
    language = get_language()
    enough = format_share(thresholds.reached_enough, 0, language)
    regencies = format_share(thresholds.regencies_enough, 0, language)
    sentences = {
        Refusal.NOTHING_IN: Why(
            _("Belum ada TPS yang masuk."),
            _("Diperlukan TPS dari kecamatan yang bersama-sama memuat paling sedikit %(enough)s DPT.")
            % {"enough": enough},
        ),
        Refusal.TOO_LITTLE_REACHED: Why(
            _("Kecamatan yang sudah melapor baru memuat %(reached)s DPT.")
            % {"reached": format_share(run.reached, 2, language)},
            _("Diperlukan paling sedikit %(enough)s: satu TPS dari tiap kecamatan yang masih kosong sudah menolong.")
            % {"enough": enough},
        ),
        Refusal.SILENT_PROVINCE: Why(
            _("Ada provinsi yang belum melapor sama sekali."),
            _("Tidak ada yang masuk yang dapat menceritakan provinsi itu. Diperlukan TPS dari tiap provinsi."),
        ),
        Refusal.SILENT_REGENCIES: Why(
            _("Kabupaten dan kota yang belum melapor memuat terlalu banyak pemilih."),
            _("Diperlukan TPS dari kabupaten dan kota yang bersama-sama memuat paling sedikit %(enough)s DPT.")
            % {"enough": regencies},
        ),
    }
    return sentences[Refusal(run.refusal)] if run.refusal else None
