"""Photos a second and core in the worker that makes the copies."""

from __future__ import annotations

import time

from accounts.models import User
from tallies import photos
from tallies.models import Photo, PhotoState
from tests.bench import pictures
from tests.bench.measurement import Measurement, median
from tests.bench.phones import WrongAnswer
from tests.bench.running import Options

PHOTOS = 24


def measure(options: Options) -> list[Measurement]:
    sender, _created = User.objects.get_or_create(username="foto", defaults={"is_superuser": True})
    sent = pictures.hashed(PHOTOS, series="photos")
    for sha256, data in sent:
        photos.receive(data, by=sender, expected_sha256=sha256)
    photos.process(sent[0][0])
    cpu, wall = [], []
    for sha256, _data in sent[1:]:
        started, used = time.perf_counter(), time.process_time()
        photos.process(sha256)
        cpu.append(time.process_time() - used)
        wall.append(time.perf_counter() - started)
    ready = Photo.objects.filter(pk__in=[sha256 for sha256, _data in sent], state=PhotoState.READY).count()
    if ready != PHOTOS:
        raise WrongAnswer(f"{ready} of {PHOTOS} photos were read")
    size = median([len(data) for _sha256, data in sent]) / 1000
    return [
        Measurement("photos.rate", 1 / median(cpu), "photos/s, core", ">= 15"),
        Measurement("photos.cpu", median(cpu) * 1000, f"CPU-ms, {size:.0f} KB"),
        Measurement("photos.wall", median(wall) * 1000, "ms"),
    ]
