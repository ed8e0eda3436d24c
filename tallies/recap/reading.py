"""What the counted recaps say, for rules and comparisons: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from regions.models import Region
from tallies.models import Contest, RecapForm, RecapResult


@dataclass(frozen=True)
class CountedRecap:
    """The version that counts, with the columns by the keys of their regions."""

    form: RecapForm
    dated_on: date | None
    is_verified: bool
    disputed: bool
    columns: dict[int, dict[int, int | None]]


def counted_recap(contest: Contest, region: Region) -> CountedRecap | None:
    """The D.Hasil of ``region`` that counts; None while none is in, or it was rejected."""
    results = RecapResult.objects.counted().filter(contest=contest, region=region)
    result = results.select_related("form").first()
    if result is None or result.form is None:
        return None
    columns = result.form.columns.prefetch_related("votes__pair")
    return CountedRecap(
        form=result.form,
        dated_on=result.form.dated_on,
        is_verified=result.review == "verified",
        disputed=result.disputed,
        columns={one.region_id: dict(one.figures.votes) for one in columns},
    )


def counted_columns(contest: Contest, region: Region) -> dict[int, dict[int, int | None]]:
    """Key of each column's region → pair number → votes (None: blank) of the counted D.Hasil of ``region``.

    The total column has the key of ``region`` itself. Empty while none counts.
    """
    found = counted_recap(contest, region)
    return found.columns if found else {}
