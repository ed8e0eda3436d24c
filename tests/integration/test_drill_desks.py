"""What the rehearsal's coordinators press is what the pages take: each act of theirs, on the page itself."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from django.test import Client

from drill import desks, papers
from drill.desks import Act
from drill.line import Answer, Line, Link
from tallies import intake
from tallies.models import Channel, Decision
from tests import cast


@pytest.fixture
def page(play, monkeypatch):
    """Budi's browser in place of a socket."""
    client = Client()
    client.force_login(play.budi)

    def ask(link, method, path, headers, body=b""):
        kind = "application/x-www-form-urlencoded"
        answer = client.generic(method, path, body if method == "POST" else b"", content_type=kind)
        return Answer(answer.status_code, location=answer.headers.get("Location", ""), body=answer.content)

    monkeypatch.setattr(Link, "ask", ask)


def act_on(play, kind, to=None):
    sent = cast.submission(play, "dampit_1", [100, 60, 20])
    form = intake.submit(sent, by=play.siti, channel=Channel.API).form
    paper = papers.paper(form.station_id, form.contest_id, random.Random(1))
    paper = replace(paper, supersedes=str(form.uuid)) if kind == "correct" else replace(paper, key=str(form.uuid))
    return Act(kind, paper, 0.0, ("budi",), play.result("dampit_1").pk, to)


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [("verify", "verified"), ("reject", "rejected"), ("correct", "corrected"), ("move", "moved")],
)
def test_each_act_is_taken_once_however_often_it_is_pressed(play, page, kind, outcome):
    target = play.stations["gedangan_1"]
    act = act_on(play, kind, (target.pk, target.region_id, target.number) if kind == "move" else None)
    assert desks.perform(act, Line(1), "token").status == desks.DONE
    # The answer was lost on its way.
    act.answers.clear()
    assert desks.perform(act, Line(1), "token").status == desks.DONE
    assert [one.outcome for one in Decision.objects.all()] == [outcome]
    if kind == "correct":
        counted = play.result("dampit_1").form
        votes = counted.votes.order_by("pair__number").values_list("votes", flat=True)
        assert (str(counted.uuid), tuple(votes)) == (act.paper.key, act.paper.votes)
    if kind == "move":
        assert (play.result("gedangan_1").form.channel, act.stations[1]) == (Channel.MOVE, target.pk)


def test_an_act_on_an_old_page_is_told_so(play, page):
    act = act_on(play, "verify")
    act.seen = {"seen": "0", "form": str(play.result("dampit_1").form_id)}
    assert desks.perform(act, Line(1), "token").status == desks.NOT_ONE
