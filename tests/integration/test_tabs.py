"""The tabs say the same on every page, also where a page is of no election."""

import datetime as dt
import re

import pytest
from django.test import Client

from tallies import preparation
from tallies.models import Election, Office, Phase
from tallies.preparation import NewPair
from tests.cast import region


@pytest.mark.parametrize("address", ["/layar/", "/penugasan/aktivasi/", "/akun/token/", "/sandi/", "/hasil/"])
def test_a_page_of_no_election_has_the_tabs_of_the_one_that_is_on(play, address):
    """Beside the practice and an election that is over; and the way to the password stands on each."""
    old = {"date": dt.date(2030, 1, 1), "phase": Phase.CLOSED}
    practice = {"date": dt.date(2031, 1, 1), "phase": Phase.OPEN, "practice_of": play.election}
    for slug, facts in (("pilkada-lama", old), ("latihan", practice)):
        other = Election.objects.create(name=slug, slug=slug, **facts)
        preparation.create_contest(other, region("35.07"), Office.REGENT, [NewPair(1, "Satu")])
    client = Client()
    client.force_login(play.budi)
    html = client.get(address).content.decode()
    [tabs] = re.findall(r'<nav class="tabs".*?</nav>', html, re.DOTALL)
    wanted = ["/verifikasi/pilkada-2020/", "/belum-masuk/pilkada-2020/", "/analisis/pilkada-2020/target/"]
    assert re.findall(r'href="([^"]+)"', tabs)[1:] == [*wanted, "/penugasan/aktivasi/", "/layar/"]
    assert 'href="/sandi/"' in html
