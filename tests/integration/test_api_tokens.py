"""Claims about the keys of programs: read only, for a while, and never more than the owner may see now."""

import datetime as dt
import hashlib

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import api_tokens
from accounts.models import ApiToken, Refusal, Role
from tests.cast import region
from tests.sending import client_of, form_body

MALANG = reverse("api-results", args=["pilkada-2020", "35.07"])
DAMPIT = reverse("api-results", args=["pilkada-2020", "35.07.05"])
LAMONGAN = reverse("api-results", args=["pilkada-2020", "35.24"])


def made(play, who="budi", code="35.07", days=30):
    return api_tokens.make("untuk-rapat-7", region(code), days, by=play.people[who])


def with_token(text, **options):
    client = APIClient(**options)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client


def answers(text, *addresses):
    return [with_token(text).get(one).status_code for one in addresses]


# The page


def fields(**changes):
    return {"name": "rapat", "region": "35.07", "days": "30"} | changes


def test_a_token_is_shown_once_and_only_its_hash_is_kept(play, client):
    client.force_login(play.budi)
    response = client.post(reverse("api-tokens"), fields())
    token = ApiToken.objects.get()
    [text] = [
        part for part in response.content.decode().replace("<", " ").replace(">", " ").split() if part[:6] == "sista_"
    ]
    assert len(text) == 6 + 43  # 256 bits
    assert token.token_hash == hashlib.sha256(text.encode()).hexdigest()
    assert response["Cache-Control"] == "private, no-store"
    assert answers(text, MALANG) == [200]
    page = client.get(reverse("api-tokens")).content.decode()
    assert text not in page
    assert "rapat" in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"region": "35.24"}, "Pilih wilayah Anda atau yang di bawahnya."),
        ({"region": "35"}, "Pilih wilayah Anda atau yang di bawahnya."),
        ({"days": "91"}, "Paling lama 90 hari."),
        ({"days": "0"}, ""),
        ({"days": "٣"}, ""),
        ({"name": ""}, "Isian ini masih kosong."),
    ],
)
def test_a_token_that_would_give_more_is_not_made(play, client, changes, sentence):
    client.force_login(play.budi)
    response = client.post(reverse("api-tokens"), fields(**changes))
    if changes == {"days": "٣"}:  # Django reads the digits of other scripts; it is still three days
        assert ApiToken.objects.get().expires_at < timezone.now() + dt.timedelta(days=3, minutes=1)
        return
    assert response.status_code == 400
    assert sentence in response.content.decode()
    assert ApiToken.objects.count() == 0


@pytest.mark.parametrize("who", ["siti", "oper"])
def test_witness_and_operator_have_no_tokens(play, client, who):
    client.force_login(play.people[who])
    assert client.get(reverse("api-tokens")).status_code == 404
    assert client.post(reverse("api-tokens"), fields()).status_code == 404
    with pytest.raises(api_tokens.TokenRefused):
        api_tokens.make("x", region("35.07"), 1, by=play.people[who])
    assert ApiToken.objects.count() == 0


def test_so_many_and_no_more(play, client, settings):
    settings.API_TOKENS_PER_PERSON = 1
    first, _text = made(play)
    client.force_login(play.budi)
    response = client.post(reverse("api-tokens"), fields())
    assert response.status_code == 400
    assert "Cabut satu dahulu." in response.content.decode()
    client.post(reverse("api-token-revoke", args=[first.pk]))
    assert client.post(reverse("api-tokens"), fields()).status_code == 200


def test_only_the_owner_revokes_and_at_once(play, client):
    token, text = made(play)
    for who in ("rina", "dewi", "nasi", "siti"):
        client.force_login(play.people[who])
        assert client.post(reverse("api-token-revoke", args=[token.pk])).status_code == 404
        if who in ("rina", "dewi", "nasi"):
            assert "untuk-rapat-7" not in client.get(reverse("api-tokens")).content.decode()
    assert answers(text, MALANG) == [200]
    client.force_login(play.budi)
    for _twice in range(2):
        assert client.post(reverse("api-token-revoke", args=[token.pk])).status_code == 302
    assert answers(text, MALANG) == [401]
    token.refresh_from_db()
    assert token.revoked_by == play.budi


# What it gives


def test_a_token_reads_its_region_and_nothing_beside_or_above_it(play):
    _token, text = made(play, code="35.07.05")
    assert answers(text, DAMPIT, MALANG, LAMONGAN) == [200, 404, 404]
    assert Refusal.objects.filter(user=play.budi, status=404).count() == 2
    _token, text = made(play, "nasi", "35.24")
    assert answers(text, DAMPIT, MALANG, LAMONGAN) == [404, 404, 200]


def test_the_owner_of_a_narrow_token_still_sees_everything_with_a_session(play):
    made(play, code="35.07.05")
    assert client_of(play.budi).get(MALANG).status_code == 200
    play.budi.refresh_from_db()
    assert play.budi.region.code == "35.07"


@pytest.mark.parametrize("change", ["moved", "promoted", "demoted", "closed"])
def test_a_token_ends_with_the_rights_it_was_made_with_and_does_not_come_back(play, change):
    token, text = made(play)
    person = play.budi
    before = {"region": person.region, "role": person.role, "is_active": True}
    changes = {
        "moved": {"region": region("35.24")},
        "promoted": {"role": Role.PROVINCE_STAFF, "region": region("35")},
        "demoted": {"role": Role.OPERATOR},
        "closed": {"is_active": False},
    }[change]
    for name, value in changes.items():
        setattr(person, name, value)
    person.save()
    assert answers(text, MALANG, LAMONGAN) == [401, 401]
    for name, value in before.items():
        setattr(person, name, value)
    person.save()
    assert answers(text, MALANG) == [401]
    token.refresh_from_db()
    assert (token.revoked_at is not None, token.revoked_by) == (True, None)


def test_a_token_ends_by_itself(play):
    _token, text = made(play, days=1)
    with time_machine.travel(timezone.now() + dt.timedelta(hours=23)):
        assert answers(text, MALANG) == [200]
    with time_machine.travel(timezone.now() + dt.timedelta(hours=25)):
        assert answers(text, MALANG) == [401]


def test_a_token_writes_nothing(play):
    _token, text = made(play)
    client = with_token(text)
    body = form_body(play, "dampit_1", [1, 2, 3])
    photo = reverse("api-photo", args=["0" * 64])
    sent = [
        client.post(reverse("api-forms"), body, format="json"),
        client.post(reverse("api-invitations"), {}, format="json"),
        client.put(photo, b"x", content_type="application/octet-stream"),
        client.patch(photo, b"x", content_type="application/octet-stream"),
        client.delete(MALANG),
    ]
    assert [one.status_code for one in sent] == [403] * 5
    assert play.result("dampit_1").form_id is None


def test_a_token_opens_no_page(play):
    _token, text = made(play)
    client = Client(headers={"Authorization": f"Bearer {text}"})
    pages = [
        "/hasil/pilkada-2020/35.07/",
        "/verifikasi/pilkada-2020/",
        "/unduh/pilkada-2020/35.07/tps.csv",
    ]
    for page in [*pages, reverse("api-tokens")]:
        response = client.get(page)
        assert (response.status_code, response.url.split("?")[0]) == (302, "/masuk/")


@pytest.mark.parametrize("text", ["", "x", "sista_" + "A" * 43, "sista_" + "A" * 4000, "\x00", "ü", "a b"])
def test_what_is_no_token_is_refused_and_says_how(play, text):
    made(play)
    response = APIClient().get(MALANG, headers={"Authorization": f"Bearer {text}".encode().decode("latin-1")})
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert response.json()["code"] == "token_ended"


def test_a_bad_token_is_refused_also_beside_a_good_session(play):
    client = client_of(play.budi)
    assert client.get(MALANG, headers={"Authorization": "Bearer x"}).status_code == 401
    assert client.get(MALANG, headers={"Authorization": "Basic x"}).status_code == 200


def test_its_use_is_written_down_once_a_minute(play):
    token, text = made(play)
    start = timezone.now().replace(microsecond=0)
    seen = []
    for seconds in (0, 30, 59, 61, 90):
        with time_machine.travel(start + dt.timedelta(seconds=seconds), tick=False):
            assert answers(text, MALANG) == [200]
            token.refresh_from_db()
            seen.append((token.last_used_at - start).seconds)
    assert seen == [0, 0, 0, 61, 61]
