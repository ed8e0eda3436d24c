"""One page that leads to the desks that prepare and watch over an election."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@login_required
@require_safe
def manage(request: HttpRequest) -> HttpResponse:
    """The desks of whoever has a region; 404 for others."""
    if request.user.scope is None:
        raise Http404
    return render(request, "manage.html")
