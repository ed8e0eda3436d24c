"""How the API says no: one shape for every refusal, a code for the phone and a sentence for the person.

``{"code": …, "detail": a sentence in the active language, "fields": {name: sentence}}``
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, RequestDataTooBig
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response

from tallies import wording
from tallies.figures import FULL_FIELDS
from tallies.wording_refusals import CODES, refusal_sentence

#: Fields named in one answer; a hostile body may hold thousands.
MOST_FIELDS = 60

#: What only a program meets; the rest is in `tallies.wording_refusals`.
_SENTENCES: dict[str, Promise] = {
    "not_signed_in": _("Anda belum masuk, atau sesi Anda sudah berakhir. Yang belum terkirim tetap ada di ponsel."),
    "csrf_failed": _("Tanda pengaman kiriman tidak cocok. Buka ulang halaman, lalu kirim lagi."),
    "other_person": _("Yang masuk sekarang orang lain. Masuk lagi sebagai pengirimnya; kirimannya tetap di ponsel."),
    "bad_filter": _("Nilai saringan ini tidak dikenal."),
    "token_ended": _("Token ini tidak berlaku (lagi). Buat yang baru di halaman Token API."),
    "not_allowed": _("Peran Anda tidak dapat mengirim ini. Tidak ada yang tersimpan."),
    "method_not_allowed": _("Alamat ini tidak menerima cara kirim itu."),
    "unsupported_type": _("Jenis isi kiriman ini tidak diterima di alamat ini."),
    "body_too_large": _("Kiriman terlalu besar. Tidak ada yang tersimpan."),
    "too_slow": _("Foto terlalu lama di perjalanan dan belum tersimpan. Kirim sekali lagi."),
}

_CODES: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.NotAuthenticated, "not_signed_in"),
    (exceptions.AuthenticationFailed, "not_signed_in"),
    (exceptions.PermissionDenied, "not_allowed"),
    (exceptions.NotFound, "not_found"),
    (exceptions.MethodNotAllowed, "method_not_allowed"),
    (exceptions.UnsupportedMediaType, "unsupported_type"),
    (exceptions.NotAcceptable, "unsupported_type"),
    (exceptions.Throttled, "too_fast"),
    (exceptions.ParseError, "bad_request"),
)


class Refused(exceptions.APIException):
    """A refusal by its code; ``details`` go into the sentence, ``fields`` maps names to sentences."""

    def __init__(
        self,
        code: str,
        status: int = 400,
        *,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **details: Any,
    ) -> None:
        super().__init__(detail=sentence(code, **details), code=code)
        self.code = code
        self.status_code = status
        self.fields = dict(fields or {})
        self.headers = dict(headers or {})


def sentence(code: str, **details: Any) -> str:
    if code in _SENTENCES and code not in CODES:
        return str(_SENTENCES[code])
    return refusal_sentence(code, **details)


def refusal_response(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Answer ``error`` in the shape above; None for what is no refusal but a fault (REST framework's handler)."""
    error = _as_api_error(error)
    if not isinstance(error, exceptions.APIException):
        return None
    if isinstance(error, exceptions.ValidationError):
        fields = dict(_flat(error.detail, ()))
        return Response({"code": "invalid", "detail": _summary(fields), "fields": fields}, status=400)
    if isinstance(error, Refused):
        code, detail, fields = error.code, str(error.detail), error.fields
    else:
        code, fields = _code_of(error), {}
        detail = sentence(code)
    said = {"code": code, "detail": detail, "fields": fields}
    response = Response(said, status=error.status_code, headers=getattr(error, "headers", None))
    if asked := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = asked
    wait = getattr(error, "wait", None)
    if wait:
        response["Retry-After"] = str(int(wait) + 1)
    return response


def _as_api_error(error: Exception) -> Exception:
    if isinstance(error, Http404 | ObjectDoesNotExist):
        return exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, RequestDataTooBig):
        return Refused("body_too_large", 413)
    return error


def _code_of(error: exceptions.APIException) -> str:
    if isinstance(error, exceptions.AuthenticationFailed) and error.status_code == 401:
        return "token_ended"
    # The session authentication tells the two apart by the text alone.
    if isinstance(error, exceptions.PermissionDenied) and str(error.detail).startswith("CSRF Failed"):
        return "csrf_failed"
    return next((code for kind, code in _CODES if isinstance(error, kind)), "bad_request")


def _flat(detail: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield (name, sentence) of nested errors. A figure goes by its own name, a photo by ``photos.1.page``."""
    if isinstance(detail, Mapping):
        items = [(str(key), inner) for key, inner in detail.items()]
    elif isinstance(detail, list) and any(isinstance(inner, Mapping | list) for inner in detail):
        items = [(str(place), inner) for place, inner in enumerate(detail) if inner]
    else:
        first = detail[0] if isinstance(detail, list) else detail
        yield ".".join(path) or "body", str(first)
        return
    found = 0
    for key, inner in items:
        inside = () if path in (("votes",), ("figures",)) else path
        for one in _flat(inner, (*inside, key)):
            found += 1
            if found > MOST_FIELDS:
                return
            yield one


def _summary(fields: Mapping[str, str]) -> str:
    """The first sentence, with the label of its box in front where it has one."""
    name, said = next(iter(fields.items()))
    if name in FULL_FIELDS or name.startswith("votes_"):
        return f"{wording.field_label(name, {})}: {said}"
    return said
