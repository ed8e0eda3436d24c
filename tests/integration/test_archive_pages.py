"""Claims about the archive's pages: what came in is found, with its history, by whom it is some business."""

import uuid

import pytest
from django.urls import reverse

from tallies import assigning, intake, photos
from tallies.archive import browsing
from tallies.archive.browsing import Asked
from tallies.count_room import verification
from tallies.models import C1Form, Channel, QuarantinedForm
from tallies.models.forms import number_of_receipt, receipt_code
from tallies.submission import PhotoName
from tests import recaps
from tests.cast import region, submission
from tests.sending import picture


@pytest.fixture
def archive(play):
    """At dampit_1 a corrected form with a photo, at gedangan_1 a rejected one, one in Lamongan, one in quarantine."""
    taken, _new = photos.receive(picture(seed=5), by=play.siti)
    photos.process_waiting()
    first = send(play, "dampit_1", [100, 80, 20], photos=(PhotoName(taken.pk, 1),))
    second = send(play, "dampit_1", [100, 81, 20], supersedes=first.uuid)
    assigning.assign(play.stations["gedangan_1"], play.siti, by=play.dewi)
    refused = send(play, "gedangan_1", [50, 60, 70], note="<script>alert(1)</script>")
    verification.reject(play.result("gedangan_1").form, by=play.budi, seen=1, reason="Foto TPS lain")
    other = send(play, "babat_1", [30, 40], by="wati")
    for one in play.stations["dampit_2"].assignments.all():
        assigning.revoke(one, by=play.dewi)
    with pytest.raises(intake.AssignmentRevoked):
        send(play, "dampit_2", [1, 2, 3])
    play.people |= {"first": first, "second": second, "refused": refused, "other": other, "sha256": taken.pk}
    return play


def send(play, station, votes, by="siti", **changes):
    return intake.submit_as_witness(
        submission(play, station, votes, **changes), by=play.people[by], channel=Channel.API
    ).form


def page(client, user, **query):
    client.force_login(user)
    answer = client.get(reverse("archive", args=["pilkada-2020"]), query)
    assert answer.status_code == 200
    return answer.content.decode()


def shown(client, user, **query):
    """The keys of the forms that a page lists."""
    client.force_login(user)
    answer = client.get(reverse("archive", args=["pilkada-2020"]), query)
    return [row["form"].pk for row in answer.context["rows"]]


def test_every_version_is_listed_by_place_and_only_of_the_readers_region(archive, client):
    a, b, c = archive.first.pk, archive.second.pk, archive.refused.pk
    assert shown(client, archive.budi) == [a, b, c]
    assert shown(client, archive.agus) == [archive.other.pk]
    assert shown(client, archive.dewi) == shown(client, archive.nasi) == [a, b, c, archive.other.pk]
    assert shown(client, archive.dewi, wilayah="35.07.06") == [c]


def test_state_kind_and_search_narrow_it_down(archive, client):
    a, b, c = archive.first.pk, archive.second.pk, archive.refused.pk
    assert shown(client, archive.budi, keadaan="dihitung") == [b]
    assert shown(client, archive.budi, keadaan="ditolak") == [c]
    assert shown(client, archive.budi, keadaan="digantikan") == [a]
    assert shown(client, archive.budi, keadaan="lain") == [a]
    assert shown(client, archive.dewi, keadaan="lain") == []
    assert "Pilih kabupaten/kota dahulu" in page(client, archive.dewi, keadaan="lain")
    assert shown(client, archive.dewi, keadaan="lain", wilayah="35.07") == [a]
    assert shown(client, archive.budi, jenis="foto") == [a]
    assert shown(client, archive.budi, jenis="karantina") == [QuarantinedForm.objects.get().pk]
    assert shown(client, archive.budi, cari="35.07.05.2001.001") == [a, b]
    assert shown(client, archive.budi, cari="35.07.05.2001 1") == [a, b]
    assert shown(client, archive.budi, cari="35.07.06.2001") == [c]
    assert shown(client, archive.dewi, cari="wat") == [archive.other.pk]
    assert shown(client, archive.budi, cari="wat") == shown(client, archive.budi, cari="wa") == []
    assert shown(client, archive.budi, cari=archive.second.receipt.lower()) == [b]
    # The code of a neighbour's form finds nothing here; what is not allowed is as if it were not said.
    assert shown(client, archive.budi, cari=archive.other.receipt) == []
    assert shown(client, archive.budi, keadaan="'; DROP", jenis="x", sesudah="1-2") == [a, b, c]
    assert shown(client, archive.budi, cari="\0") == [a, b, c]


def test_recaps_are_found_as_well(archive, client):
    form = recaps.read_alike(archive)
    assert shown(client, archive.budi, jenis="rekap") == [form.pk]
    assert shown(client, archive.budi, jenis="rekap", keadaan="terverifikasi", cari=form.receipt) == [form.pk]
    assert shown(client, archive.budi, jenis="rekap", cari="parto") == [form.pk]
    assert shown(client, archive.agus, jenis="rekap") == []
    written = client.get(reverse("archive-recap", args=[form.uuid]))
    assert written.status_code == 404
    client.force_login(archive.budi)
    written = client.get(reverse("archive-recap", args=[form.uuid])).content.decode()
    assert form.content_hash in written
    assert "D.Hasil dibaca orang kedua" in written


def test_pages_follow_each_other_without_a_gap(archive):
    election, scope = archive.election, region("35.07")
    for station in ("pamotan_1", "dampit_1", "pamotan_1"):
        intake.submit(submission(archive, station, [1, 2, 3]), by=archive.dewi, channel=Channel.PAGE)
    whole = [one.pk for one in browsing.page_of(archive.budi, election, scope, Asked(), size=50).rows]
    walked, after = [], ""
    for _turn in range(10):
        part = browsing.page_of(archive.budi, election, scope, Asked.read({"sesudah": after}), size=2)
        walked += [one.pk for one in part.rows]
        after = part.following
        if not after:
            break
    assert walked == whole
    assert len(whole) == 6


def test_one_is_shown_with_its_whole_history(archive, client):
    client.force_login(archive.budi)
    written = client.get(reverse("archive-form", args=[archive.first.uuid])).content.decode()
    for said in (archive.first.content_hash, archive.sha256, archive.first.receipt, archive.second.receipt, "Siti"):
        assert said in written
    assert "tidak, digantikan versi lain" in written
    assert reverse("photo", args=[archive.first.uuid, archive.sha256]) in written
    refused = client.get(reverse("archive-form", args=[archive.refused.uuid])).content.decode()
    assert refused.count("Foto TPS lain") >= 2  # the decision, and the event
    assert "Formulir ditolak" in refused
    assert "<script>alert" not in refused


def test_who_has_no_business_there_finds_nothing(archive, client):
    kept = QuarantinedForm.objects.get()
    for name in ("siti", "oper"):
        client.force_login(archive.people[name])
        for address in (
            reverse("archive-home"),
            reverse("archive", args=["pilkada-2020"]),
            reverse("archive-form", args=[archive.first.uuid]),
            reverse("archive-quarantined", args=[kept.uuid]),
            reverse("archive-pack-offer", args=["pilkada-2020", "35.07"]),
            reverse("retention"),
        ):
            assert client.get(address).status_code == 404, (name, address)
    client.force_login(archive.agus)
    for address in (
        reverse("archive-form", args=[archive.first.uuid]),
        reverse("archive-quarantined", args=[kept.uuid]),
        reverse("archive-pack-offer", args=["pilkada-2020", "35.07"]),
        reverse("archive", args=["pilkada-2020"]) + "?wilayah=35.07",
    ):
        assert client.get(address).status_code == 404, address
    client.force_login(archive.budi)
    assert client.get(reverse("archive-quarantined", args=[kept.uuid])).status_code == 200
    assert client.get(reverse("archive-home")).url == reverse("archive", args=["pilkada-2020"])


def test_a_page_costs_the_same_whatever_it_lists(archive, client, django_assert_max_num_queries):
    for _turn in range(6):
        intake.submit(submission(archive, "pamotan_1", [1, 2, 3]), by=archive.dewi, channel=Channel.PAGE)
    client.force_login(archive.budi)
    with django_assert_max_num_queries(16):
        client.get(reverse("archive", args=["pilkada-2020"]))


def test_a_receipt_is_read_as_people_say_it():
    key = uuid.uuid4()
    code = receipt_code(key)
    assert number_of_receipt(code) == number_of_receipt(f" {code.lower()} ") == key.int & (2**30 - 1)
    assert number_of_receipt("oo-ooil") == number_of_receipt("00-0011")
    assert number_of_receipt("K7-4Q2") is number_of_receipt("K7-4Q2U") is number_of_receipt("") is None


def test_the_index_of_receipts_is_used(archive):
    plan = C1Form.objects.with_receipt(archive.first.receipt)
    assert plan.get() == archive.first
