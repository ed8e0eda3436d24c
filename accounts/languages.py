"""The language of a page: what the person chose, else Bahasa Indonesia.

Django's own LocaleMiddleware follows the browser. Phones here are often set to
English while their owner reads Indonesian, so the browser is not asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

COOKIE_AGE = 365 * 24 * 3600


class ChosenLanguageMiddleware:
    """Activate the user's language, or before sign-in that of the cookie. Stands after authentication."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = language_of(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language  # type: ignore[attr-defined]
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", translation.get_language() or language)
        return response


def language_of(request: HttpRequest) -> str:
    """Return the code of the language to answer in."""
    if request.user.is_authenticated:
        chosen = request.user.language
    else:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return known_language(chosen) or settings.LANGUAGE_CODE


def known_language(code: Any) -> str | None:
    """Return ``code`` when Sista speaks it, else None."""
    return code if code in dict(settings.LANGUAGES) else None


def remember_language(response: HttpResponse, code: str) -> None:
    """Keep ``code`` in the cookie, for the pages before sign-in."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        code,
        max_age=COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite=settings.SESSION_COOKIE_SAMESITE,
    )
