"""Claims about requests that make no sense: answered in words, and only what was answered as stored is stored.

The test client raises what a view did not catch, so that each of these fails on an answer of 500.
"""

import hashlib
import json
from collections import Counter

from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from tallies import photo_pieces, photos
from tallies.figures import SHORT_FIELDS, Figures
from tallies.models import C1Form, Photo, PhotoState
from tallies.photo_sending import PhotoRefused
from tests.examples import many
from tests.integration.test_another_kabupaten import ADDRESSES, furnished_malang  # noqa: F401  fixture
from tests.mutations import mutated
from tests.sending import PIECE, client_of, form_body, picture, send_piece, sha256_of
from tests.witness_hands import GOOD, address, hidden

VOTES = [100, 80, 20]
ODD = ("", "0", "-1", "1e3", "٣", "9" * 40, "NaN", "\0", "%00", "' OR 1=1 --", "<script>", "../..", "selisih-1-2-3")
#: What pages and the API are asked by, and what they are not.
ASKED = (
    *("cari", "urut", "saring", "setelah", "sebelum", "jabatan", "wilayah", "ukuran", "keadaan", "halaman", "gambar"),
    *("jenis", "tanggal", "tps", "nomor", "orang", "saksi", "kontes", "kode", "bahasa", "isi", "perbaiki", "lewati"),
    *("page", "limit", "cursor", "search", "ordering", "region", "election", "status", "format", "temuan", "next"),
)
TEXT = st.text(max_size=12) | st.sampled_from(ODD)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def stored() -> set[tuple[str, int]]:
    return set(C1Form.objects.values_list("uuid", "station_id"))


def test_a_body_in_which_anything_stands_anywhere_is_answered_and_only_201_is_stored(play):
    client, home = client_of(play.siti), reverse("api-forms")
    keys = [
        *form_body(play, "dampit_1", VOTES),
        "photos",
        "objection",
        "note",
        "supersedes",
        "filled_at",
        "confirmed",
    ]
    plausible = st.integers(0, 9999) | st.none() | st.sampled_from(["7", "0012", ""]) | JSON
    changes = st.just({}) | st.dictionaries(st.sampled_from(keys) | TEXT, JSON, max_size=2)
    votes = st.just({}) | st.dictionaries(st.sampled_from(["1", "2", "3"]) | TEXT, plausible, max_size=2)
    figures = st.just({}) | st.dictionaries(st.sampled_from([*SHORT_FIELDS]) | TEXT, plausible, max_size=2)
    answered = Counter()

    @many(120, same=True)
    @given(changes, votes, figures)
    def ask(changed, votes, figures):
        cache.clear()  # nobody is slowed: that has tests of its own
        body = form_body(play, "dampit_1", VOTES)
        body["votes"], body["figures"] = body["votes"] | votes, body["figures"] | figures
        before = stored()
        answer = client.post(home, json.dumps(body | changed), content_type="application/json")
        new = stored() - before
        answered[answer.status_code] += 1
        assert answer.status_code in (200, 201, 400, 404, 409), answer.content
        assert len(new) == (answer.status_code == 201)
        if answer.status_code == 400:
            assert set(answer.json()) == {"code", "detail", "fields"}
        for key, station in new:
            form = C1Form.objects.get(uuid=key)
            assert station == play.stations["dampit_1"].pk
            assert isinstance(form.figures, Figures)
            assert all(0 <= one <= 9999 for one in form.figures.votes.values() if one is not None)

    ask()
    assert min(answered[201], answered[400]) > 5


def test_a_body_of_which_bytes_are_wrong_is_answered_and_only_201_is_stored(play):
    client, home = client_of(play.siti), reverse("api-forms")
    whole = json.dumps(form_body(play, "dampit_1", VOTES)).encode()

    answered = Counter()

    @many(120, same=True)
    @given(mutated(whole), st.sampled_from(["application/json", "text/plain", "multipart/form-data; boundary=x", ""]))
    def ask(data, kind):
        cache.clear()  # nobody is slowed: that has tests of its own
        before = stored()
        answer = client.generic("POST", home, data, content_type=kind)
        answered[answer.status_code] += 1
        assert answer.status_code in (200, 201, 400, 404, 409, 415), answer.content
        assert len(stored() - before) == (answer.status_code == 201)

    ask()
    assert min(answered[201], answered[400]) > 0


def test_boxes_of_the_page_with_anything_in_them_come_back_or_are_stored(play):
    client = Client()
    client.force_login(play.siti)
    at = address(play)
    names = [*GOOD, "uuid", "supersedes", "step", "confirmed", "asked", "objection", "contest", "filled_at"]
    words = TEXT | st.lists(TEXT, max_size=3)
    boxes = st.dictionaries(st.sampled_from(names) | TEXT, words, max_size=3)
    sent = Counter()

    @many(60, same=True)
    @given(boxes)
    def ask(changed):
        cache.clear()  # nobody is slowed: that has tests of its own
        before = stored()
        answer = client.post(at, hidden(client.get(at)) | GOOD | {"step": "send"} | changed)
        assert answer.status_code in (200, 302, 400, 403, 409), answer.status_code
        went = answer.status_code == 302 and "/kiriman/" in answer.url
        assert len(stored() - before) == went
        sent[went] += 1

    ask()
    assert min(sent[True], sent[False]) > 1


def test_headers_of_a_piece_with_anything_in_them_leave_what_is_there(play):
    data = picture(size=(700, 900), quality=98)
    assert len(data) > PIECE
    assert send_piece(play.siti, data, 0).status_code == 204
    header = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=30) | st.sampled_from(
        ["-1", "+0", "0x0", "1_0", "9" * 30, "65536 ", "1.0", "²"]
    )
    right = st.just(str(PIECE)), st.just(str(len(data)))

    @many(80, same=True)
    @given(header | right[0], header | right[1], st.binary(max_size=40))
    def ask(offset, length, body):
        cache.clear()  # nobody is slowed: that has tests of its own
        answer = send_piece(
            play.siti, data, PIECE, body=body, headers={"Upload-Offset": offset, "Upload-Length": length}
        )
        assert answer.status_code in (400, 409), (answer.status_code, answer.content)
        assert not Photo.objects.filter(pk=sha256_of(data)).exists()

    ask()
    for place in range(PIECE, len(data), PIECE):
        last = send_piece(play.siti, data, place)
    assert last.status_code == 201
    with photos.store().open(photos.original_name(sha256_of(data))) as stream:
        assert stream.read() == data
    assert photo_pieces.remove_stale() == 0


def test_what_is_searched_filtered_sorted_and_paged_by_anything_is_a_page(malang):
    client = Client()
    client.force_login(malang.play.budi)
    opened = []
    for name, asks in ADDRESSES.items():
        for one in asks(malang)[:1]:
            where = reverse(name, kwargs=one.parts)
            answer = client.get(where, one.query)
            if answer.status_code == 200 and not answer.streaming:
                opened.append((where, one.query))
    assert len(opened) > 60

    @many(150, same=True)
    @given(st.sampled_from(opened), st.dictionaries(st.sampled_from(ASKED), TEXT, min_size=1, max_size=3))
    def ask(there, query):
        cache.clear()  # nobody is slowed: that has tests of its own
        where, own = there
        answer = client.get(where, own | query)
        assert answer.status_code in (200, 302, 400, 404), (where, query, answer.status_code)

    ask()


def test_a_photo_of_which_bytes_are_wrong_is_stored_as_sent_or_not_at_all(play):
    whole = picture("PNG", size=(40, 30))

    @many(60, same=True)
    @given(mutated(whole))
    def ask(data):
        before = set(Photo.objects.values_list("pk", flat=True))
        try:
            photo, _new = photos.receive(data, by=play.siti)
        except PhotoRefused:
            assert set(Photo.objects.values_list("pk", flat=True)) == before
            assert not photos.store().exists(photos.original_name(hashlib.sha256(data).hexdigest()))
        else:
            with photos.store().open(photos.original_name(photo.pk)) as stream:
                assert stream.read() == data

    ask()
    photos.process_waiting()
    states = set(Photo.objects.values_list("state", flat=True))
    assert states <= {PhotoState.READY, PhotoState.UNREADABLE}
