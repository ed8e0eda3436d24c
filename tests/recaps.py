"""Recaps for tests: a saksi PPK of Dampit, and a D.Hasil whose sums hold."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from typing import Any

from accounts.models import Role, User
from tallies import photos
from tallies.figures import Figures
from tallies.models import Office, OfficialImport, PollingStation, RecapForm, RecapResult
from tallies.official import importing, receiving, turns
from tallies.recap import intake, second_reading
from tallies.recap.submission import RecapPage, RecapSubmission
from tests import cast
from tests.sending import picture

DAMPIT, SUKAMAJU, PAMOTAN = "35.07.05", "35.07.05.2001", "35.07.05.1002"


def recap_witness(play: cast.Play, name: str = "parto", code: str = DAMPIT) -> User:
    play.people[name] = cast.person(name, Role.DISTRICT_WITNESS, code)
    return play.people[name]


def key(code: str) -> int:
    return cast.region(code).pk


def column(votes: list[int | None], invalid: int | None = 5, **values: int | None) -> Figures:
    """A column whose relations hold, unless ``values`` say otherwise."""
    valid = sum(v or 0 for v in votes)
    cast_votes = valid + (invalid or 0)
    written = {
        "registered_dpt": cast_votes + 100, "voters_total": cast_votes, "ballots_received": cast_votes + 120,
        "ballots_used": cast_votes, "valid_votes": valid, "invalid_votes": invalid, "total_votes": cast_votes,
    }  # fmt: skip
    return Figures(votes=dict(enumerate(votes, start=1)), values=written | values)


def columns(parts: dict[str, list[int | None]], code: str = DAMPIT, **total: int) -> dict[int, Figures]:
    """The columns of ``parts`` by code, and the total that adds them up; ``total`` overrides its rows."""
    made = {key(part): column(votes) for part, votes in parts.items()}
    sums = {
        name: sum(one.values[name] or 0 for one in made.values())
        for name in next(iter(made.values())).values
    }  # fmt: skip
    numbers = next(iter(made.values())).votes
    votes = {number: sum(one.votes[number] or 0 for one in made.values()) for number in numbers}
    for name in [one for one in total if one.startswith("votes_")]:
        votes[int(name.removeprefix("votes_"))] = total.pop(name)
    return made | {key(code): Figures(votes=votes, values=sums | total)}


def submission(play: cast.Play, given: dict[int, Figures] | None = None, **changes: Any) -> RecapSubmission:
    """The D.Hasil of Dampit unless ``changes`` say otherwise."""
    given = given or columns({SUKAMAJU: [100, 50, 25], PAMOTAN: [80, 60, 20]})
    filled = {"uuid": uuid.uuid4(), "contest_id": play.malang.pk, "region_id": key(DAMPIT), "columns": given}
    return RecapSubmission(**filled | changes)


def send(play: cast.Play, given: dict[int, Figures] | None = None, *, by: User, **changes: Any) -> RecapForm:
    return intake.submit(submission(play, given, **changes), by=by).form


def photo(by: User, seed: int = 1) -> RecapPage:
    """A photo that ``by`` brought, ready to be shown."""
    taken, _is_new = photos.receive(picture(seed=seed), by=by)
    photos.process_waiting()
    return RecapPage(taken.pk, 1)


def read_alike(play: cast.Play) -> RecapForm:
    """A D.Hasil of a saksi PPK that an operator reads alike: verified, with everything that is recorded."""
    by = recap_witness(play)
    form = send(play, by=by, photos=(photo(by),))
    second_reading.read(form, form.columns_by_region, by=play.people["oper"], uuid=uuid.uuid4())
    return form


def result(play: cast.Play, code: str = DAMPIT) -> RecapResult:
    return RecapResult.objects.get(
        contest=play.malang if code.startswith("35.07") else play.lamongan, region=key(code)
    )


def official(play: cast.Play, votes: dict[str, list[Any]]) -> OfficialImport:
    """Official figures of stations of Malang, brought by their coordinator and confirmed; "" is not said."""
    stations = {play.stations[name].pk: said for name, said in votes.items()}
    places = {one.pk: one for one in PollingStation.objects.filter(pk__in=stations).select_related("region")}
    lines = ["kode desa;tps;1;2;3"]
    lines += [";".join(map(str, (places[pk].region.code, places[pk].number, *said))) for pk, said in stations.items()]
    when = dt.datetime(2020, 12, 15, tzinfo=dt.UTC)
    said = receiving.Statement(play.election, Office.REGENT, play.malang, play.malang.region, "KPU", when)
    brought = receiving.receive(io.BytesIO("\n".join(lines).encode()), "kpu.csv", said, by=play.people["budi"])
    turns.run(brought)
    importing.confirm(brought, by=play.people["budi"])
    turns.run(brought)
    return brought
