"""Which election a command means."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import CommandError

from tallies.models import Election

LATEST = "latest"


def add_election_argument(parser: ArgumentParser, *, required: bool = False) -> None:
    parser.add_argument(
        "--election", required=required, metavar="SLUG", help=f"an election's slug, or {LATEST}: the newest real one"
    )


def chosen_election(slug: str) -> Election:
    """The election of ``slug``; ``latest`` is the one with the latest day that is no practice."""
    if slug == LATEST:
        election = Election.objects.filter(practice_of=None).order_by("-date", "-pk").first()
    else:
        election = Election.objects.filter(slug=slug).first()
    if election is None:
        known = ", ".join(Election.objects.order_by("-date").values_list("slug", flat=True)) or "belum ada"
        raise CommandError(f"Pemilihan '{slug}' tidak ada. Yang ada: {known}.")
    return election


def chosen_elections(slug: str | None) -> list[Election]:
    """The one named, or all of them."""
    return list(Election.objects.order_by("pk")) if slug is None else [chosen_election(slug)]
