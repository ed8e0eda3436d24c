"""The fields of the second factor: a code of six digits, or a recovery code."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

EMPTY = {"required": _("Isian ini masih kosong.")}


class CodeForm(forms.Form):
    """``wait_seconds``: how long whoever sent it has to wait before it is looked at."""

    wait_seconds = 0
    code = forms.CharField(
        label=_("Kode 6 angka"),
        max_length=12,
        help_text=_("Buka aplikasi autentikator di ponsel Anda. Kode berganti setiap 30 detik."),
        error_messages=EMPTY,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": 12}),
    )

    def wrong(self) -> None:
        self.add_error("code", _("Kode tidak cocok atau sudah dipakai. Tunggu kode berikutnya, lalu tulis lagi."))


class RecoveryCodeForm(forms.Form):
    wait_seconds = 0
    code = forms.CharField(
        label=_("Kode pemulihan"),
        max_length=24,
        help_text=_("Satu dari sepuluh kode yang Anda simpan. Setiap kode hanya berlaku sekali."),
        error_messages=EMPTY,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def wrong(self) -> None:
        self.add_error("code", _("Kode pemulihan tidak cocok atau sudah dipakai. Periksa, atau pakai kode lain."))


class EndForm(forms.Form):
    """When the account of a deputy ends; empty: it does not."""

    until = forms.DateTimeField(
        label=_("Berlaku sampai"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M"],
        error_messages={"invalid": _("Pilih tanggal dan jam, misalnya 10 Desember 2020 pukul 18.00.")},
        help_text=_("Untuk pengganti sementara, menurut WIB. Kosong: tanpa batas."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "autocomplete": "off"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, data: Any = None, *, until: Any = None) -> None:
        super().__init__(data, initial={"until": until})
