"""Claims about a whole night: its faults, what coordinators do, the network that is cut, the recount of decisions."""

from __future__ import annotations

import random
import socket
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from drill import arrivals, desks, faults, queues, remembering, turns
from drill.deciding import Desks
from drill.desks import Act
from drill.line import Answer, Line, Link
from drill.plan import Plan
from drill.queues import Send, Witness

REFERENCE = Plan(50_000, 26, 32, tuple(faults.FAULTS), Path())


def test_the_reference_night_has_all_stations_send_and_every_fault_as_often_as_promised():
    assert REFERENCE.forms == 49_400
    counts = Counter(REFERENCE.first_round)
    assert (counts["worker-kill"], counts["postgres-cut"]) == (15, 5)
    assert set(counts) == set(faults.FAULTS)
    assert all(times == 1 for name, times in counts.items() if name not in ("worker-kill", "postgres-cut"))
    # Within the night, with what each keeps away and the least quiet.
    needed = sum(turns.TAKES + 1 + REFERENCE.off.get(name, 0.0) for name in REFERENCE.first_round)
    assert needed < REFERENCE.seconds


def test_a_short_night_has_each_fault_once_and_the_quiet_shrinks_before_the_round_does():
    assert Counter(turns.first_round(faults.FAULTS, 30)) == Counter(list(faults.FAULTS))
    assert turns.first_round(["worker-kill"], 90) == ["worker-kill"] * 3
    assert turns.first_round(["redis-stop"], 3000) == ["redis-stop"]
    round_ = ["worker-kill", "upgrade", "web-kill"]
    roomy = turns.quiet_before(0, round_, 1000, 30, {})
    tight = turns.quiet_before(0, round_, 60, 30, {"upgrade": 10})
    assert (roomy, turns.quiet_before(0, round_, 10, 30, {})) == (30, 1)
    assert 1 < tight < roomy


def test_the_plan_says_what_it_will_do_and_how_long_it_takes():
    said = REFERENCE.in_words()
    assert "49,400 of 50,000 witnesses send within 26 minutes: 32 forms a second" in said
    assert "worker-kill 15 times" in said
    assert "postgres-cut 5 times" in said
    assert "about 34 minutes in all" in said
    assert "how late totals are" not in said


def test_a_night_too_short_to_measure_the_lag_says_so_beforehand():
    """Of one minute, faults leave 2.4 seconds between them, and recoveries of 18 seconds nothing at all."""
    short = replace(REFERENCE, minutes=1.0)
    assert not short.has_quiet
    assert "so short a night does not tell how late totals are" in short.in_words().lower()
    assert "From 2.1 minutes on it does." in short.in_words()
    assert replace(REFERENCE, minutes=2.1).has_quiet
    assert replace(short, faults=()).has_quiet


@pytest.fixture
def night():
    return a_night(3)


def a_night(seed):
    chance = random.Random(seed)
    places = [(f"35.{number % 4}", number) for number in range(1, 2001)]
    witnesses = [Witness(n, f"cookie-{n}", n + 5000, n // 10, n % 10, where) for where, n in places]
    moments = list(zip(witnesses, arrivals.moments(len(witnesses), 600, chance), strict=True))
    coordinators = {f"35.{n}": [f"desk-{n}-1", f"desk-{n}-2"] for n in range(4)}
    made = Desks(coordinators, moments, 1, 600)
    return queues.phones_of_a_night(moments, contest=1, seconds=600, photo_share=0.1, chance=chance, desks=made)


def test_whatever_happens_at_a_station_stands_in_one_queue_in_its_order(night):
    where = {}
    for number, phone in enumerate(night):
        dues = [one.due for one in phone.waiting]
        assert dues == sorted(dues)
        for one in phone.waiting:
            if one.kind != "foreign station":
                stations = one.stations if isinstance(one, Act) else (one.paper.station,)
                assert {where.setdefault(station, number) for station in stations} == {number}
    assert len(where) == 2000


def test_coordinators_act_on_a_modest_share_and_only_on_what_was_sent_before(night):
    acts = [one for phone in night for one in phone.waiting if isinstance(one, Act)]
    assert {one.kind for one in acts} == set(desks.KINDS)
    assert 0.03 < len(acts) / 2000 < 0.08
    for phone in night:
        sent: set[str] = set()
        for one in phone.waiting:
            if isinstance(one, Send):
                sent.add(one.paper.key)
            else:
                named = one.paper.supersedes if one.kind == "correct" else one.paper.key
                assert named in sent
                regency = one.paper.station % 4
                assert set(one.cookies) <= {f"desk-{regency}-1", f"desk-{regency}-2"}
                assert len(one.cookies) == (2 if one.kind == desks.AT_ONCE else 1)
                # Moved within the kabupaten, to where nothing is in yet.
                assert one.to is None or (one.to[0] % 4 == regency and one.to[0] != one.paper.station)


def test_a_coordinator_acts_on_what_counts_then(monkeypatch):
    """Its page offers what counts: pressed behind a correction, a button is about that one, and told of another."""
    monkeypatch.setattr(queues, "LATE", 0.5)
    pressed = 0
    for seed in range(5):
        for phone in a_night(seed):
            here = remembering.Station()
            for one in phone.waiting:
                form = {"key": one.paper.key, "votes": one.paper.votes, "invalid": one.paper.invalid}
                form["supersedes"] = one.paper.supersedes
                if isinstance(one, Send) and one.kind in ("first", "anew", "correction", "rival") and not one.cookie:
                    here.receive(form)
                elif isinstance(one, Act):
                    assert here.counts["key"] == (one.paper.supersedes if one.kind == "correct" else one.paper.key)
                    pressed += 1
                    if one.outcome == "verify":
                        here.verify(form)
                    elif one.outcome == "correct":
                        here.correct(form)
                    else:
                        here.set_aside(form, rejected=one.outcome == "reject")
    assert pressed > 350


def sent(key, votes, *, supersedes=None, kind="first", station=7):
    return {"event": "sent", "kind": kind, "key": key, "station": station, "votes": votes, "invalid": 1} | {
        "supersedes": supersedes
    }


def got(key):
    return {"event": "acknowledged", "key": key, "status": 201}


def decided(outcome, key, *, to=None):
    return {"event": "decided", "outcome": outcome, "station": 7, "key": key, "to": to}


FIRST = [sent("a", [1, 2, 3]), got("a")]
RIVAL = [sent("b", [4, 5, 6]), got("b")]
CORRECTION = [sent("c", [4, 5, 6], supersedes="a"), got("c")]
BY_DESK = [sent("d", [7, 8, 9], supersedes="a", kind="correct"), decided("correct", "d")]
ANEW = [sent("e", [2, 2, 2], kind="anew"), got("e")]


@pytest.mark.parametrize(
    ("lines", "key", "verified", "disputed"),
    [
        ([*FIRST, decided("verify", "a")], "a", True, False),
        ([*FIRST, *RIVAL, decided("verify", "a")], "a", True, False),
        ([*FIRST, *RIVAL, decided("verify", "b")], "b", True, False),
        # Verified figures stay until somebody has looked; another one disputes them.
        ([*FIRST, decided("verify", "a"), *CORRECTION], "a", True, False),
        ([*FIRST, decided("verify", "a"), *CORRECTION, decided("verify", "c")], "c", True, False),
        ([*FIRST, decided("verify", "a"), *RIVAL], "a", True, True),
        ([*FIRST, decided("verify", "a"), *RIVAL, decided("reject", "b")], "a", True, False),
        ([*FIRST, *BY_DESK], "d", True, False),
        ([*FIRST, *BY_DESK, *CORRECTION], "d", True, True),
        # Out of the count, and the oldest that is open in it.
        ([*FIRST, *RIVAL, decided("reject", "a")], "b", False, False),
        ([*FIRST, decided("reject", "a"), *ANEW], "e", False, False),
        ([*FIRST, *RIVAL, decided("reject", "a"), *ANEW], "b", False, True),
        ([*FIRST, decided("move", "a", to=8), *ANEW], "e", False, False),
    ],
)
def test_what_counts_after_decisions_is_remembered_by_the_rules(lines, key, verified, disputed):
    one = remembering.night_of(lines).counted()[7]
    assert (one["key"], one["verified"], one["disputed"], one["rejected"]) == (key, verified, disputed, False)


def test_a_rejected_form_is_counted_as_rejected_and_a_moved_one_at_its_new_station():
    night = remembering.night_of([*FIRST, decided("reject", "a")])
    assert night.counted() == {7: {"rejected": True}}
    there = [sent("z", [9, 9, 9], station=8), got("z")]
    night = remembering.night_of([*FIRST, decided("move", "a", to=8), *there])
    assert {station: (one["votes"], one["disputed"]) for station, one in night.counted().items()} == {
        8: ([1, 2, 3], True)
    }
    assert night.moved == [(1, 2, 3, 1, 8)]
    assert night.acknowledged.keys() == {"a", "z"}


@pytest.fixture
def server():
    """Answers each request whole: its length, and how many of them came whole."""
    listening = socket.create_server(("127.0.0.1", 0))
    whole: list[bytes] = []
    over = threading.Event()

    def serve():
        while not over.is_set():
            try:
                link, _address = listening.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(link,), daemon=True).start()

    def answer(link):
        try:
            while data := link.recv(65536):
                head, _end, body = data.partition(b"\r\n\r\n")
                length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
                while len(body) < length and (more := link.recv(65536)):
                    body += more
                if len(body) < length:
                    return
                whole.append(body)
                link.sendall(b"HTTP/1.1 201 Created\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nok")
        except OSError:
            return

    threading.Thread(target=serve, daemon=True).start()
    yield listening.getsockname()[1], whole
    over.set()
    listening.close()


def test_a_torn_line_ends_requests_in_the_middle_and_before_their_answer_is_read(server):
    port, whole = server
    line = Line(port)
    with Link(line) as link:
        assert link.ask("POST", "/", "", b"x" * 10) == Answer(201, "7", body=b"ok")
    line.tear()
    for _ in range(2):
        with pytest.raises(OSError, match="cut"), Link(line) as link:
            link.ask("POST", "/", "", b"y" * 1000)
    with Link(line) as link:
        assert link.ask("POST", "/", "", b"z" * 10).status == 201
    assert line.torn == {"request": 1, "answer": 1}
    # The second was taken, though its sender does not know.
    assert [one[:1] for one in whole] == [b"x", b"y", b"z"]


def test_a_cut_line_resets_what_is_open_and_makes_nothing_new(server):
    line = Line(server[0])
    with Link(line) as link:
        link.ask("POST", "/", "", b"x")
        line.cut()
        assert line.torn == {"flight": 1}
        with pytest.raises(OSError):
            link.ask("POST", "/", "", b"x")
    with pytest.raises(ConnectionRefusedError), Link(line) as link:
        link.ask("POST", "/", "", b"x")
    line.mend()
    with Link(line) as link:
        assert link.ask("POST", "/", "", b"x").status == 201


def pressed(monkeypatch, *answers, cookies=("one", "two")):
    """An act of which the page was seen, and the answers its presses get in turn."""
    told = iter(answers)

    def ask(link, method, path, headers, body=b""):
        answer = next(told)
        if answer is None:
            raise ConnectionResetError
        return answer

    monkeypatch.setattr(Link, "ask", ask)
    paper = queues.papers.paper(7, 1, random.Random(1))
    return Act(
        desks.AT_ONCE if len(cookies) > 1 else "verify", paper, 0.0, cookies, 9, seen={"seen": "1", "form": "2"}
    )


WRITTEN, OVERTAKEN = Answer(302, location="/verifikasi/gladi/"), Answer(409)


def test_of_two_coordinators_at_once_exactly_one_is_written(monkeypatch):
    line = Line(1)
    assert desks.perform(pressed(monkeypatch, WRITTEN, OVERTAKEN), line, "t").status == desks.DONE
    assert desks.perform(pressed(monkeypatch, WRITTEN, WRITTEN), line, "t").status == desks.NOT_ONE
    assert desks.perform(pressed(monkeypatch, OVERTAKEN, OVERTAKEN), line, "t").status == desks.NOT_ONE


def test_a_press_without_an_answer_is_pressed_again_and_the_answered_one_is_not(monkeypatch):
    act = pressed(monkeypatch, OVERTAKEN, None, WRITTEN)
    with pytest.raises(OSError):
        desks.perform(act, Line(1), "t")
    assert len(act.answers) == 1
    assert desks.perform(act, Line(1), "t").status == desks.DONE


def test_a_coordinator_who_is_sent_to_sign_in_has_not_decided(monkeypatch):
    act = pressed(monkeypatch, Answer(302, location="/masuk/?next=/verifikasi/tps/9/"), cookies=("one",))
    assert desks.perform(act, Line(1), "t").status == 401
