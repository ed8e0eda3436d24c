"""The lists of the admin hold for a nation: every one answers, in as many questions for many rows as for one."""

import json
import re

import pytest
from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Refusal, User
from analytics.models import ContestOutcome, ElectionRules, Expectation, Finding, Target
from sista import scoped_admin
from tallies import intake
from tallies.models import (
    Assignment,
    AuditEvent,
    Channel,
    Contest,
    Election,
    InboundSms,
    PollingStation,
    QuarantinedForm,
)
from tests import cast

OURS = [
    model
    for model in admin.site._registry
    if model._meta.app_label in ("regions", "accounts", "tallies", "analytics")
]
#: Of an election there is one, and of its thresholds.
FEW = (Election, ElectionRules, QuarantinedForm, Finding, Target, Refusal)
MANY = [model for model in OURS if model not in FEW]


@pytest.fixture
def dewi(play):
    User.objects.filter(username="dewi").update(is_staff=True)
    for name in ("dampit_1", "dampit_2"):
        intake.submit(cast.submission(play, name, [1, 2, 3]), by=play.siti, channel=Channel.API)
    for number, text in enumerate(("C1 1 1 2 3 4", "halo")):
        InboundSms.objects.create(gateway_id=number, sender="+6281234567890", text=text, person=play.siti)
    for contest in (play.malang, play.lamongan):
        ContestOutcome.objects.create(contest=contest, announced_on="2020-12-15", source="SK KPU")
        Expectation.objects.create(contest=contest, method="impor", source="Survei", stated_on="2020-11-01")
    Refusal.objects.create(user=play.budi, method="GET", path="/hasil/", status=404)
    return User.objects.get(username="dewi")


@pytest.fixture
def root(play):
    return User.objects.create_superuser("akar", password="kata-sandi")


@pytest.fixture(params=["dewi", "root"])
def signed_in(request, dewi, root, client):
    client.force_login({"dewi": dewi, "root": root}[request.param])
    return client


def address_of(model, page="changelist"):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}")


def addresses(client, model):
    """The list plain, searched, filtered each way, and sorted both ways by each column it offers."""
    listing = address_of(model)
    shown = client.get(listing).context["cl"]
    yield listing
    yield f"{listing}?q=35.07"
    yield f"{listing}?q=siti"
    yield f"{listing}?_facets=True"
    for place, name in enumerate(shown.list_display):
        if name in shown.sortable_by:
            yield from (f"{listing}?o={sign}{place}" for sign in ("", "-"))
    for spec in shown.filter_specs:
        yield from (listing + choice["query_string"] for choice in spec.choices(shown))


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_list_answers_however_it_is_asked(signed_in, model):
    asked = list(dict.fromkeys(addresses(signed_in, model)))
    assert len(asked) >= 3
    assert [address for address in asked if signed_in.get(address).status_code != 200] == []


def queries_of(client, address):
    with CaptureQueriesContext(connection) as found:
        answer = client.get(address)
    assert answer.status_code == 200
    return answer, [query["sql"] for query in found]


@pytest.mark.parametrize("model", MANY, ids=lambda model: model.__name__)
def test_many_rows_take_as_many_questions_as_one(signed_in, model, monkeypatch):
    number = {}
    for rows in (1, 2):
        monkeypatch.setattr(admin.site._registry[model], "list_per_page", rows)
        answer, asked = queries_of(signed_in, address_of(model))
        assert len(answer.context["cl"].result_list) == rows
        number[rows] = len(asked)
    assert number[1] == number[2]


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_no_table_is_counted_to_its_end(signed_in, model):
    for address in addresses(signed_in, model):
        _answer, asked = queries_of(signed_in, address)
        counts = [sql for sql in asked if "COUNT(" in sql]
        assert [sql for sql in counts if " LIMIT " not in sql] == []
        assert counts


def test_a_list_that_is_longer_than_it_was_counted_says_so(dewi, client, monkeypatch):
    client.force_login(dewi)
    listing = address_of(PollingStation)
    assert "6 TPS" in client.get(listing).content.decode()
    monkeypatch.setattr(scoped_admin, "COUNTED_ROWS", 4)
    shown = client.get(listing).content.decode()
    assert shown.count("lebih dari 4 TPS; cari atau saring") == 2
    assert "Tampilkan semua" not in shown


@pytest.mark.parametrize(("number", "left"), [("dampit_1", "TPS tanpa DPT"), (None, "TPS tanpa saksi")])
def test_the_start_page_leads_to_the_very_stations_it_counts(dewi, client, play, number, left):
    client.force_login(dewi)
    if number:
        PollingStation.objects.filter(pk=play.stations[number].pk).update(registered_female=None)
    page = client.get(reverse("admin:index"))
    item = next(item for item in page.context["items"] if str(item.title) == left)
    address = reverse(item.address) + item.query
    assert f'href="{address}"' in page.content.decode()
    found = {station.code for station in client.get(address).context["cl"].queryset}
    named = {play.stations[number]} if number else {play.stations[n] for n in ("pamotan_1", "gedangan_1", "babat_2")}
    assert found == {station.code for station in named}
    assert item.number == len(found)


CHOSEN_FROM_MANY = [(model, name) for model in OURS for name in admin.site._registry[model].autocomplete_fields]


@pytest.mark.parametrize(("model", "name"), CHOSEN_FROM_MANY, ids=lambda value: getattr(value, "__name__", value))
def test_an_autocompletion_takes_as_many_questions_for_many_rows_as_for_one(signed_in, model, name, monkeypatch):
    place = f"app_label={model._meta.app_label}&model_name={model._meta.model_name}&field_name={name}"
    number = {}
    for rows in (1, 2):
        monkeypatch.setattr(AutocompleteJsonView, "paginate_by", rows)
        answer, asked = queries_of(signed_in, f"{reverse('admin:autocomplete')}?{place}&term=")
        assert len(json.loads(answer.content)["results"]) == rows
        assert all(" LIMIT " in sql for sql in asked if "COUNT(" in sql)
        number[rows] = len(asked)
    assert number[1] == number[2]


def test_every_foreign_key_to_a_table_of_a_nation_is_chosen_by_typing(play):
    large = {Contest, PollingStation, User, type(cast.region("35"))}
    for model in OURS:
        shown = admin.site._registry[model]
        keys = {field.name for field in model._meta.fields if field.is_relation and field.related_model in large}
        editable = keys & set(shown.fields or [field.name for field in model._meta.fields if field.editable])
        if shown.fieldsets:
            editable &= {name for _title, options in shown.fieldsets for name in options["fields"]}
        assert shown.read_only or editable <= {*shown.autocomplete_fields, *shown.readonly_fields}, model


def test_a_column_that_no_index_orders_is_not_sorted_by_even_when_an_address_says_so(dewi, client, monkeypatch):
    client.force_login(dewi)
    listing = address_of(PollingStation)
    shown = client.get(listing).context["cl"]
    place = shown.list_display.index("number")
    assert "number" not in shown.sortable_by
    _answer, asked = queries_of(client, f"{listing}?o=-{place}")
    assert not [sql for sql in asked if 'ORDER BY "tallies_pollingstation"."number"' in sql]


def results(client, model, name, term):
    place = f"app_label={model._meta.app_label}&model_name={model._meta.model_name}&field_name={name}"
    answer = client.get(f"{reverse('admin:autocomplete')}?{place}&term={term}")
    return [row["text"] for row in answer.json()["results"]]


def test_a_station_is_chosen_by_its_desa_for_every_desa_has_a_first_one(dewi, client):
    client.force_login(dewi)
    assert results(client, Assignment, "station", "35.07.05.2001") == [
        "TPS 001, Sukamaju (35.07.05.2001)",
        "TPS 002, Sukamaju (35.07.05.2001)",
    ]


def test_stations_sort_by_their_code_both_ways(dewi, client):
    client.force_login(dewi)
    listing = address_of(PollingStation)
    column = client.get(listing).context["cl"].list_display.index("full_code")

    def places(sign):
        found = client.get(f"{listing}?o={sign}{column}").context["cl"].result_list
        return [(station.region.code, station.number) for station in found]

    assert len(places("")) == 6
    assert places("") == sorted(places(""))
    # Within a desa TPS 001 stays the first.
    assert places("-") == sorted(places(""), key=lambda place: place[0], reverse=True)


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("siti", {"siti"}),
        ("35.07.05", {"siti", "joko"}),
        ("35.24", {"wati"}),
        ("35.07 siti", {"siti"}),
        ("35.24 siti", set()),
    ],
)
def test_assignments_are_found_by_the_witness_and_by_the_place(dewi, client, term, found):
    client.force_login(dewi)
    shown = client.get(address_of(Assignment), {"q": term}).context["cl"].queryset
    assert {assignment.witness.username for assignment in shown} == found


def test_events_are_found_by_the_place_and_name_it(dewi, client, play):
    client.force_login(dewi)
    assert "TPS 001, Sukamaju (35.07.05.2001)" in client.get(address_of(AuditEvent)).content.decode()
    shown = client.get(address_of(AuditEvent), {"q": "35.07.05.2001"}).context["cl"].queryset
    assert {event.result.station.region.code for event in shown} == {"35.07.05.2001"}
    assert not client.get(address_of(AuditEvent), {"q": "35.24"}).context["cl"].queryset.exists()


def test_a_contest_with_stations_is_not_deleted_and_its_results_are_not_collected(root, client, play):
    client.force_login(root)
    address = reverse("admin:tallies_contest_delete", args=[play.malang.pk])
    with CaptureQueriesContext(connection) as found:
        assert client.get(address).status_code == 403
    assert not [query for query in found if re.search(r'FROM "tallies_stationresult".*IN \(', query["sql"])]
    assert Contest.objects.filter(pk=play.malang.pk).exists()


def test_refusals_are_those_of_the_people_one_sees(dewi, client, play):
    elsewhere = User.objects.create_user("made")
    for person in (play.wati, elsewhere):
        Refusal.objects.create(user=person, method="GET", path="/hasil/", status=404)
    client.force_login(dewi)
    seen = set(client.get(address_of(User)).context["cl"].queryset.values_list("username", flat=True))
    refused = {refusal.user.username for refusal in client.get(address_of(Refusal)).context["cl"].queryset}
    assert refused == {"budi", "wati"} <= seen
    assert "made" not in seen
