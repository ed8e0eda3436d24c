"""How D.Hasil were read a second time: the same charging as of the C1s, over the boxes of all columns."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from django.db.models import OuterRef

from tallies.evaluation.charging import Case, Round, charge
from tallies.evaluation.ground import Ground
from tallies.evaluation.problems import SETTLING
from tallies.figures import Figures
from tallies.models import Outcome, RecapDecision, RecapReading, RecapResult, Review


def recap_numbers(ground: Ground) -> dict[int, Counter[str]]:
    """By reader: ``recaps`` read, ``recaps_settled``, and of these ``recaps_wrong``. A provinsi has some hundreds."""
    here = {"region__first__range": (ground.region.first, ground.region.last), "contest__in": ground.contests}
    readings = RecapReading.objects.filter(**{f"form__{name}": value for name, value in here.items()})
    settling = RecapDecision.objects.filter(result=OuterRef("pk"), form=OuterRef("form"), outcome__in=SETTLING)
    results = RecapResult.objects.filter(review=Review.VERIFIED, **here)
    results = results.annotate(through=settling.order_by("-pk").values("settled_through")[:1])
    results = results.select_related("form").prefetch_related("form__columns__votes__pair")
    settled = {(one.contest_id, one.region_id): one for one in results}
    refused = set(
        RecapDecision.objects.filter(
            **{f"form__{name}": value for name, value in here.items()}, outcome=Outcome.REJECTED
        ).values_list("form", flat=True)
    )
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for one in readings.select_related("form").prefetch_related("form__columns__votes__pair"):
        found[one.reader_id]["recaps"] += 1
        result = settled.get((one.form.contest_id, one.form.region_id))
        covered = result is not None and (result.through or 0) >= one.form_id and one.form_id not in refused
        if result is None or not covered or one.unreadable:
            continue
        case = Case(
            one.first_reader_id,
            boxes_of(one.form.columns_by_region),
            (Round(one.reader_id, boxes_of(one.columns_by_region)),),
            boxes_of(result.form.columns_by_region),
        )
        found[one.reader_id]["recaps_settled"] += 1
        found[one.reader_id]["recaps_wrong"] += bool(charge(case).readers)
    return found


def boxes_of(columns: Mapping[int, Figures]) -> dict[str, int | None]:
    """Every box of a D.Hasil, by the key of its column's region and the name of its row."""
    return {
        f"{region}:{name}": figures.get(name)
        for region, figures in columns.items()
        for name in (*figures.vote_fields, *figures.values)
    }
