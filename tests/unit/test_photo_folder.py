"""What a power cut leaves of the photo folder: every name on the way to an accepted photo is on disk."""

import os

import pytest
from django.core.files.base import ContentFile

from sista.photo_storage import DurableFileSystemStorage

NAME = "original/ab/abcdef"


@pytest.fixture
def location(tmp_path):
    return tmp_path / "photos"


@pytest.fixture
def synced(monkeypatch):
    """Numbers of the files and folders in the order they were synced."""
    numbers = []
    sync = os.fsync

    def record(descriptor):
        numbers.append(os.fstat(descriptor).st_ino)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    return numbers


def save(location):
    return DurableFileSystemStorage(location=location).save(NAME, ContentFile(b"bytes"))


def from_photo_to_data_folder(location):
    photo = location / NAME
    return [path.stat().st_ino for path in (photo, *photo.parents[:4])]


def test_a_first_photo_is_synced_and_then_every_folder_above_it(synced, location):
    save(location)
    assert synced == from_photo_to_data_folder(location)


def test_the_folders_of_a_photo_that_another_process_just_put_there_are_synced_too(synced, location):
    """The other one may have renamed it and not have synced; both tell a phone that it is safe."""
    (location / "original/ab").mkdir(parents=True)
    (location / NAME).write_bytes(b"bytes")
    save(location)
    assert synced == from_photo_to_data_folder(location)[1:]


def test_the_folders_above_are_synced_once_and_the_own_one_for_every_photo(synced, location):
    store = DurableFileSystemStorage(location=location)
    store.save(NAME, ContentFile(b"bytes"))
    synced.clear()
    store.save(f"{NAME}2", ContentFile(b"others"))
    photo = location / f"{NAME}2"
    assert synced == [path.stat().st_ino for path in (photo, photo.parent)]


def test_nothing_is_left_beside_a_photo_that_could_not_be_written(monkeypatch, location):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save(location)
    assert list((location / "original/ab").iterdir()) == []
