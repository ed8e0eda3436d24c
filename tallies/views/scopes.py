"""Whose region a desk's page is about: said once, for every desk."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from regions.models import Region


def reader_scope(request: HttpRequest) -> Region:
    """The reader's region; 404 for who has none: witnesses and operators."""
    scope: Region | None = request.user.scope
    if scope is None:
        raise Http404
    return scope


def acting_scope(request: HttpRequest) -> Region:
    """The same, of who acts in it; 403 for who only reads."""
    scope = reader_scope(request)
    if not request.user.may_decide:
        raise PermissionDenied
    return scope
