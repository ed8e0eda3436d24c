"""The witness's page for a phone without a network: its shell, its service worker, its manifest.

None of the three holds anything of a person, so a browser may keep them; what
is shown comes from the phone's own storage and from the API.
"""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render, resolve_url
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import urlencode
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from accounts.languages import known_language
from tallies import wording
from tallies.checks import EQUALITIES
from tallies.phone.texts import TEXTS

#: What the shell needs beside itself; the worker keeps it for the time without a network.
FILES = (
    "css/sista.css",
    "img/icons.svg",
    "img/favicon.svg",
    "js/phone-queue.js",
    "js/phone-app.js",
)


@gzip_page  # it holds no secret that its size could tell
@require_safe
def shell(request: HttpRequest) -> HttpResponse:
    """The page that opens without a network. The same for everybody, in the reader's language."""
    response = render(request, "phone_app/shell.html", _context())
    patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, ["Cookie"])
    return response


def _context() -> dict[str, Any]:
    return {"facts": _facts(), "files": FILES}


def _facts() -> dict[str, Any]:
    plain = reverse("witness-home") + "?biasa"
    return {
        "texts": {key: str(text) for key, text in TEXTS.items()},
        "labels": {name: str(label) for name, label in wording.FIELD_LABELS.items()},
        "rows": wording.row_words(),
        "sentences": wording.sentences(),
        "equalities": [asdict(equality) for equality in EQUALITIES],
        "icons": static("img/icons.svg"),
        "english": get_language() == "en",
        "addresses": {
            "plain": plain,
            "sign_in": f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': reverse('phone')})}",
            # A browser asks for a worker without cookies: its address says the language.
            "worker": f"{reverse('phone-worker')}?{urlencode({'bahasa': get_language()})}",
            "scope": reverse("witness-home"),
            "language": reverse("set-language"),
            "sign_out": reverse("sign-out"),
        },
    }


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker. Its text changes with anything the shell needs, and the browser then takes the new one."""
    files = [static(name) for name in FILES]
    language = known_language(request.GET.get("bahasa")) or settings.LANGUAGE_CODE
    facts = {"shell": reverse("phone"), "files": files, "version": _version(language)}
    text = f'import {{ start }} from "{static("js/phone-worker.js")}";\nstart({json.dumps(facts)});\n'
    response = HttpResponse(text, content_type="text/javascript; charset=utf-8")
    patch_cache_control(response, private=True, no_cache=True)
    return response


@functools.cache
def _version(language: str) -> str:
    """A name of all that the phone keeps in ``language``."""
    with override(language):
        text = render_to_string("phone_app/shell.html", _context())
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@require_safe
def manifest(request: HttpRequest) -> JsonResponse:
    """What a phone needs to put the page among its apps."""
    icons = [{"src": static("img/favicon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}]
    icons += [
        {"src": static(f"img/app-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"} for size in (192, 512)
    ]
    return JsonResponse(
        {
            "id": reverse("phone"),
            "name": _("Sista Saksi"),
            "short_name": "Sista",
            "start_url": reverse("phone"),
            "scope": "/",
            "display": "standalone",
            "lang": get_language(),
            "background_color": "#ffffff",
            "theme_color": "#12403f",
            "icons": icons,
        },
        content_type="application/manifest+json",
    )
