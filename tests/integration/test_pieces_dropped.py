"""A photo in pieces over a line that drops every fourth request, to the real web server with its own processes."""

from __future__ import annotations

import http.client
import os
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from django.urls import reverse

from tallies import photos
from tallies.models import PartialPhoto, PhotoUpload
from tests.integration.test_photo_pieces import noise
from tests.processes import clean_environment, free_port, wait_for_port
from tests.sending import PIECE, client_of, sha256_of

ROOT = Path(__file__).resolve().parents[2]
DROPPED = 0.25
PHOTOS = 20


@pytest.fixture
def port(committed_play, tmp_path) -> Iterator[int]:
    """Gunicorn as ``./run`` starts it, on the database and the photo store of this test."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-c", "python:sista.gunicorn_config", "--bind", f"127.0.0.1:{port}"]
    server = subprocess.Popen(command, cwd=ROOT, env=same_parts(tmp_path))
    try:
        wait_for_port(port)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def same_parts(data: Path) -> dict[str, str]:
    """The environment of a process that works on what this test works on."""
    parts = {"SISTA_DATA": str(data), "SISTA_TEST": "1", "SISTA_LOG": "ERROR"}
    parts["SISTA_SECRET_KEY"] = settings.SECRET_KEY  # it signs the session
    at = connection.settings_dict
    if connection.vendor == "sqlite":
        (data / "sista.sqlite3").symlink_to(at["NAME"])
    else:
        who = quote(at["USER"] or "") + (f":{quote(at['PASSWORD'])}" if at["PASSWORD"] else "")
        parts["DATABASE_URL"] = f"postgres://{who}@{at['HOST'] or '127.0.0.1'}:{at['PORT'] or 5432}/{at['NAME']}"
        parts |= {"REDIS_URL": os.environ["REDIS_URL"]} if "REDIS_URL" in os.environ else {}
    return clean_environment(**parts, DJANGO_SETTINGS_MODULE="sista.settings")


class Dropped(Exception):
    """The request or its answer was lost; the phone does not know which."""


class BadLine:
    """A signed-in phone on a line that drops a share of its requests, somewhere on the way there or back."""

    def __init__(self, port: int, user, chance: random.Random) -> None:
        cookies = client_of(user).cookies
        self.port, self.chance = port, chance
        self.headers = {"Cookie": f"sessionid={cookies['sessionid'].value}; csrftoken={'x' * 32}"}
        self.headers |= {"X-CSRFToken": "x" * 32, "Host": "127.0.0.1", "Connection": "close"}
        self.requests = self.dropped = self.bytes_sent = 0

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> http.client.HTTPResponse:
        self.requests += 1
        reaches = len(body)
        drop = self.chance.random() < DROPPED
        back = self.chance.random() < 0.5
        if drop and not back:
            reaches = self.chance.randrange(len(body) + 1)
        head = {**self.headers, **headers, "Content-Length": str(len(body))}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as link:
            link.sendall("\r\n".join(lines).encode() + body[:reaches])
            self.bytes_sent += reaches
            if drop:
                self.dropped += 1
                raise Dropped
            answer = http.client.HTTPResponse(link, method=method)
            answer.begin()
            answer.read()
            return answer

    def send(self, data: bytes) -> None:
        """Send one photo as a phone does: piece by piece, and after a break ask how far it came."""
        path = reverse("api-photo", args=[sha256_of(data)])
        offset = 0
        while True:
            piece = data[offset : offset + PIECE]
            place = {"Upload-Offset": str(offset), "Upload-Length": str(len(data))}
            try:
                answer = self.ask("PATCH", path, piece, **place)
            except Dropped:
                answer = self._look(path)
            assert answer.status in (200, 201, 204, 404, 409), answer.status
            if answer.status in (200, 201):
                return
            offset = int(answer.headers["Upload-Offset"])

    def _look(self, path: str) -> http.client.HTTPResponse:
        while True:
            try:
                return self.ask("HEAD", path)
            except Dropped:
                continue


def test_photos_arrive_whole_through_a_line_that_drops_every_fourth_request(port, committed_play):
    line = BadLine(port, committed_play.siti, random.Random(1))
    sent = [noise(seed) for seed in range(PHOTOS)]
    for data in sent:
        line.send(data)
    assert abs(line.dropped / line.requests - DROPPED) < 0.08, "the line is as bad as it is said to be"
    assert PhotoUpload.objects.filter(uploaded_by=committed_play.siti).count() == PHOTOS
    for data in sent:
        with photos.store().open(photos.original_name(sha256_of(data))) as stream:
            assert sha256_of(stream.read()) == sha256_of(data)
    assert not PartialPhoto.objects.exists()
    whole = sum(map(len, sent))
    extra = line.bytes_sent / whole - 1
    # Were every dropped request's piece lost whole, a third would come on top; begun anew, several times as much.
    assert extra < 1 / 3
    print(f"{line.requests} requests, {line.dropped} dropped, {extra:.0%} extra bytes")  # noqa: T201  with -s
