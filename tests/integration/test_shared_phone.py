"""Who was here: the cookie that tells a phone whose news it keeps, and what a change of password leaves behind."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts import activation
from accounts.devices import WHO_COOKIE
from tests import cast, phones


@pytest.fixture
def play(db):
    return cast.make_play()


def test_a_witness_who_signs_in_is_told_of_to_the_phone_and_staff_are_not(play):
    client = Client()
    client.force_login(play.siti)
    answer = client.get("/saksi/")
    assert answer.cookies[WHO_COOKIE].value == str(play.siti.pk)
    assert WHO_COOKIE not in client.get("/saksi/").cookies
    client.force_login(play.joko)
    assert client.get("/saksi/").cookies[WHO_COOKIE].value == str(play.joko.pk)
    staff = Client()
    staff.force_login(play.budi)
    assert WHO_COOKIE not in staff.get("/").cookies


def test_a_lost_phone_is_out_also_after_its_password_was_changed_on_it(play):
    phone = phones.activated_phone(play.siti, by=play.budi)
    said = {"old_password": cast.PASSWORD, "new_password1": "lain-sekali-77", "new_password2": "lain-sekali-77"}
    assert phone.post("/sandi/", said).status_code == 302
    assert phone.get("/saksi/").status_code == 200
    activation.replace_lost(play.siti, by=play.budi)
    answer = phone.get("/saksi/")
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/masuk/")
