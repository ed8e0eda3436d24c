"""Claims about what happens at the same moment: nothing is overwritten, whoever comes second."""

from django.urls import reverse

from tallies import assigning, audit, intake, preparation
from tallies.count_room import verification
from tallies.models import C1Form, Channel, Decision, Review
from tallies.preparation import NewStation
from tallies.totals import aggregation, rebuilding
from tests.cast import region, submission
from tests.sending import at_once, client_of, form_body

ROUNDS = 50


def test_two_witnesses_with_different_figures_at_once_are_two_forms_and_a_difference(committed_play):
    play = committed_play
    village = region("35.07.05.2001").pk
    made = preparation.add_stations(play.election, [NewStation(village, 100 + n, 150, 150) for n in range(ROUNDS)])
    clients = {who: client_of(play.people[who]) for who in ("siti", "joko")}
    figures = {"siti": [100, 80, 20], "joko": [100, 90, 20]}
    for number, station in enumerate(made):
        play.stations["here"] = station
        for who in clients:
            assigning.assign(station, play.people[who], by=play.dewi)
        sent = [(clients[who], form_body(play, "here", figures[who])) for who in clients]
        answers = at_once(2, lambda n, sent=sent: sent[n][0].post(reverse("api-forms"), sent[n][1], format="json"))
        assert [answer.status_code for answer in answers] == [201, 201]
        result = play.result("here")
        kept = list(C1Form.objects.filter(station=station))
        assert (len(kept), result.form, result.disputed) == (2, kept[0], True), f"round {number}"
    assert list(audit.verify()) == []
    aggregation.drain()
    assert rebuilding.differences(play.election) == []


def test_two_equal_first_forms_at_once_are_no_difference(committed_play):
    play = committed_play
    clients = [client_of(play.people[who]) for who in ("siti", "joko")]
    bodies = [form_body(play, "dampit_1", [100, 80, 20]) for _ in clients]
    answers = at_once(2, lambda place: clients[place].post(reverse("api-forms"), bodies[place], format="json"))
    assert [answer.status_code for answer in answers] == [201, 201]
    assert (play.result("dampit_1").disputed, play.result("dampit_1").audit_seq) == (False, 2)


def test_a_correction_and_a_decision_at_once_leave_one_of_them_to_look_again(committed_play):
    """Approved first, the correction waits as a proposal; corrected first, the decision is not written."""
    play = committed_play
    client = client_of(play.siti)
    for _round in range(10):
        station = preparation.add_stations(
            play.election, [NewStation(region("35.07.05.2001").pk, 200 + _round, 150, 150)]
        )[0]
        play.stations["here"] = station
        assigning.assign(station, play.siti, by=play.dewi)
        first = form_body(play, "here", [100, 80, 20])
        client.post(reverse("api-forms"), first, format="json")
        form = C1Form.objects.get(uuid=first["uuid"])
        fixed = form_body(play, "here", [100, 81, 20], supersedes=first["uuid"])

        def act(place, form=form, fixed=fixed):
            if place == 0:
                return client.post(reverse("api-forms"), fixed, format="json").status_code
            try:
                return verification.approve(form, by=play.budi, seen=1).outcome
            except verification.AlreadyChanged:
                return "already changed"

        status, decided = at_once(2, act)
        result = play.result("here")
        assert status == 201
        if decided == "already changed":
            assert (str(result.form.uuid), result.review) == (fixed["uuid"], Review.PENDING)
        else:
            assert (result.form, result.review) == (form, Review.VERIFIED)
            assert str(result.proposed_form.uuid) == fixed["uuid"]
    assert list(audit.verify()) == []


def test_of_two_verifiers_at_once_one_wins_and_the_other_is_told(committed_play):
    play = committed_play
    village = region("35.07.05.2001").pk
    made = preparation.add_stations(play.election, [NewStation(village, 300 + n, 150, 150) for n in range(5)])
    for station in made:
        play.stations["here"] = station
        form = intake.submit(submission(play, "here", [100, 80, 20]), by=play.dewi, channel=Channel.API).form

        def decide(place, form=form):
            try:
                if place == 0:
                    verification.approve(form, by=play.budi, seen=1)
                else:
                    verification.reject(form, by=play.rina, seen=1, reason="Foto TPS lain")
            except verification.AlreadyChanged:
                return "already changed"
            return Review.REJECTED if place else Review.VERIFIED

        told = at_once(2, decide)
        assert told.count("already changed") == 1
        assert [play.result("here").review] == [one for one in told if one != "already changed"]
    assert list(audit.verify()) == []
    assert Decision.objects.count() == len(made)
