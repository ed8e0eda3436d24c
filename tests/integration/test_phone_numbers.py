"""People are found by their number, whatever way it was typed, also those who were here before."""

from importlib import import_module

from django.apps import apps
from django.db import connection

from accounts.models import User
from tests.cast import person


def test_a_number_is_kept_and_looked_up_in_one_way(play):
    made = person("baru", "saksi", phone="0812-3456-7890")
    assert made.phone == "+6281234567890"
    assert User.objects.get(phone="(0812) 3456 7890") == made
    assert User.objects.filter(phone="0812-3456-7891").count() == 0


def test_numbers_from_before_are_made_one_way(play):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET phone = '0812 3456-7890' WHERE username = 'siti'")
        cursor.execute("UPDATE accounts_user SET phone = 'belum punya' WHERE username = 'joko'")
    import_module("accounts.migrations.0005_phone_numbers").normalise_all(apps, None)
    kept = dict(User.objects.filter(username__in=["siti", "joko", "wati"]).values_list("username", "phone"))
    assert kept == {"siti": "+6281234567890", "joko": "belum punya", "wati": ""}


def test_the_admin_finds_and_shows_a_number_as_people_read_it(play, client):
    User.objects.filter(username="dewi").update(is_staff=True)
    User.objects.filter(username="siti").update(phone="+6281234567890")
    User.objects.filter(username="joko").update(phone="+6281234999999")
    client.force_login(play.dewi)
    page = client.get("/admin/accounts/user/", {"q": "0812-3456"}).content.decode()
    assert "0812-3456-7890" in page
    assert "0812-3499-9999" not in page
