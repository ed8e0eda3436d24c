"""A request that drips in does not keep a thread of the web server from the others."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.processes import free_port, wait_for_port

ROOT = Path(__file__).resolve().parents[2]
#: The real worker and settings with less patience, and an application that only reads.
APPLICATION = """
from sista.web_worker import PacedThreadWorker

class QuickWorker(PacedThreadWorker):
    patience, pressed_patience, slowest_rate, longest, look_again = 2.0, 0.5, 1024, 4.0, 0.1

class PatientWorker(PacedThreadWorker):
    patience, pressed_patience, longest, look_again = 60.0, 0.5, 60.0, 0.1

def application(environ, start_response):
    try:
        length, status = len(environ["wsgi.input"].read()), "200 OK"
    except OSError:
        length, status = 0, "400 Bad Request"
    start_response(status, [("Content-Type", "text/plain")])
    return [str(length).encode()]
"""
THREADS = 3


@pytest.fixture(scope="module")
def port(tmp_path_factory) -> Iterator[int]:
    with serving("QuickWorker", tmp_path_factory) as port:
        yield port


@contextmanager
def serving(worker: str, tmp_path_factory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("application")
    (folder / "reading.py").write_text(APPLICATION)
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-c", "python:sista.gunicorn_config", "--bind", f"127.0.0.1:{port}"]
    command += ["-k", f"reading.{worker}", "--threads", str(THREADS), "reading:application"]
    server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": f"{ROOT}:{folder}"})
    try:
        wait_for_port(port)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def begin(port: int, length: int) -> socket.socket:
    """Open a request that announces ``length`` bytes and has sent none of them."""
    link = socket.create_connection(("127.0.0.1", port), timeout=15)
    link.sendall(f"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode())
    return link


def drip(link: socket.socket, *, size: int, every: float, until: threading.Event) -> None:
    """Send ``size`` bytes at a time until the server hangs up."""

    def send() -> None:
        while not until.wait(every):
            try:
                link.sendall(b"x" * size)
            except OSError:
                return

    threading.Thread(target=send, daemon=True).start()


def answer(link: socket.socket) -> bytes:
    """Status line, headers and body of the next response; what came of one when the server hung up before."""
    received = b""
    try:
        while not is_complete(received) and (more := link.recv(65536)):
            received += more
    except ConnectionResetError:
        pass
    return received


def is_complete(received: bytes) -> bool:
    headers, separator, body = received.partition(b"\r\n\r\n")
    if not separator:
        return False
    length = re.search(rb"Content-Length: (\d+)", headers)
    return len(body) >= int(length[1]) if length else body.endswith(b"0\r\n\r\n")


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    stop = threading.Event()
    yield stop
    stop.set()


def test_a_dripping_upload_is_answered_408(port, stop):
    began = time.monotonic()
    link = begin(port, 100_000)
    drip(link, size=1, every=0.05, until=stop)
    said = answer(link)
    assert said.startswith(b"HTTP/1.1 408 Request Timeout")
    assert b"terlalu lambat" in said
    assert 1.5 < time.monotonic() - began < 6


def test_dripping_uploads_in_every_thread_let_the_next_request_through(tmp_path_factory, stop):
    # Nobody would be free for a minute, if it were not for the request that waits.
    with serving("PatientWorker", tmp_path_factory) as port:
        links = [begin(port, 100_000) for _ in range(THREADS)]
        for link in links:
            drip(link, size=1, every=0.05, until=stop)
        time.sleep(0.5)
        assert answer(begin(port, 0)).startswith(b"HTTP/1.1 200 OK")
        for link in links:
            link.close()


def test_a_slow_and_steady_upload_is_taken(port):
    began = time.monotonic()
    link = begin(port, 12_000)
    for _ in range(30):
        link.sendall(b"x" * 400)
        time.sleep(0.09)
    assert time.monotonic() - began > 2.5
    said = answer(link)
    assert said.startswith(b"HTTP/1.1 200 OK")
    assert said.endswith(b"12000\r\n0\r\n\r\n")


def test_an_upload_without_end_ends(port, stop):
    began = time.monotonic()
    link = begin(port, 100_000_000)
    drip(link, size=400, every=0.1, until=stop)
    assert answer(link).startswith(b"HTTP/1.1 408")
    assert 3.5 < time.monotonic() - began < 8


def test_dripping_headers_are_cut_off(port, stop):
    began = time.monotonic()
    link = socket.create_connection(("127.0.0.1", port), timeout=15)
    link.sendall(b"GET / HTTP/1.1\r\nX-Header: ")
    drip(link, size=1, every=0.05, until=stop)
    assert answer(link) == b""
    assert time.monotonic() - began < 6


def test_a_second_request_on_the_same_connection_has_a_clock_of_its_own(port):
    link = begin(port, 5)
    link.sendall(b"x" * 5)
    assert answer(link).startswith(b"HTTP/1.1 200 OK")
    time.sleep(2.2)
    link.sendall(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
    time.sleep(0.5)
    link.sendall(b"y" * 5)
    assert answer(link).startswith(b"HTTP/1.1 200 OK")
