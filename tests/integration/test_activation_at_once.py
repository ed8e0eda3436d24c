"""Claims about two phones at the same moment: one link makes one phone, and who is replaced stays out."""

from functools import partial

import pytest
from django.test import Client
from django.urls import reverse

from accounts import activation, devices
from accounts.models import Activation, Device
from tests.phones import OTHER_PIN, PIN, activated_phone, enter, is_in, link_for, locked_phone, open_link
from tests.sending import at_once

pytestmark = pytest.mark.services

ROUNDS = 15


def test_the_same_link_on_two_phones_at_once_makes_one_of_them_the_witness_s(committed_play):
    play = committed_play
    for number in range(ROUNDS):
        link, pins = link_for(play.siti, by=play.budi), (PIN, OTHER_PIN)
        answers = at_once(2, lambda place, link=link, pins=pins: open_link(link, pin=pins[place]))
        assert sorted(answer.status_code for _phone, answer in answers) == [302, 404], f"round {number}"
        assert [is_in(phone) for phone, answer in answers] == [answer.status_code == 302 for _, answer in answers]
        assert Device.objects.active().filter(user=play.siti).count() == 1
    assert Device.objects.filter(user=play.siti).count() == ROUNDS


def test_an_old_phone_that_enters_its_pin_while_a_new_one_is_activated_is_out_afterwards(committed_play):
    play = committed_play
    for number in range(ROUNDS):
        old = locked_phone(play.siti, by=play.budi)
        link = link_for(play.siti, by=play.budi)
        new = Client()
        acts = (partial(enter, old, PIN), partial(open_link, link, pin=OTHER_PIN, client=new))
        entered, (_new, activated) = at_once(2, lambda place, acts=acts: acts[place]())
        assert activated.status_code == 302, f"round {number}"
        assert entered.status_code in (302, 400), f"round {number}"  # 400: signed out before it was answered
        assert (is_in(old), is_in(new)) == (False, True), f"round {number}"
        assert enter(old, PIN).url == "/masuk/"


def test_a_phone_in_use_while_it_is_reported_lost_is_out_afterwards(committed_play):
    play = committed_play
    for number in range(ROUNDS):
        old = activated_phone(play.siti, by=play.budi)
        acts = (partial(enter, old, PIN), partial(activation.replace_lost, play.siti, by=play.budi))
        at_once(2, lambda place, acts=acts: acts[place]())
        assert not is_in(old), f"round {number}"
        assert not Device.objects.active().exists()


def test_two_coordinators_issuing_at_once_leave_one_link_open(committed_play):
    play = committed_play
    for _round in range(ROUNDS):
        tokens = at_once(2, lambda place: activation.issue(play.siti, by=(play.budi, play.rina)[place]))
        usable = [token for token in tokens if Client().get(reverse("activate", args=[token])).status_code == 200]
        assert len(usable) == 1
    assert Activation.objects.open().count() == 1


def test_guesses_sent_at_once_are_each_counted(committed_play):
    play = committed_play
    phone = locked_phone(play.siti, by=play.budi)

    def guess(place):
        copy = Client()
        copy.cookies[devices.COOKIE] = phone.cookies[devices.COOKIE].value
        return enter(copy, OTHER_PIN).status_code

    answers = at_once(8, guess)
    assert sorted(answers) == [200] * devices.FREE_FAILURES + [429] * 3
    assert Device.objects.get().failures == devices.FREE_FAILURES
