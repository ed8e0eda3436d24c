"""Make the bucket for the photos where it is missing, and prove that strangers cannot read it."""

from __future__ import annotations

import time
from typing import Any

from django.core.files.storage import FileSystemStorage, storages
from django.core.management.base import BaseCommand, CommandError

from sista.photo_storage import PhotoStoreAway


class Command(BaseCommand):
    help = "Create the bucket of S3_BUCKET when missing, and refuse one that anybody may read. Idempotent."

    def add_arguments(self, parser):
        parser.add_argument("--wait", type=int, default=30, help="seconds to wait for a store that just starts")

    def handle(self, *args, wait: int, **options):
        store = storages["photos"]
        if isinstance(store, FileSystemStorage):
            self.stdout.write("Photos lie on disk; nothing to prepare.")
            return
        made = made_with_patience(store, wait)
        if store.is_public():
            raise CommandError(
                f"Anybody can read the bucket {store.bucket_name}: photos of forms would be public. Make it "
                "private (no public ACL, no public policy, no anonymous identity), then run this again."
            )
        self.stdout.write(f"Bucket {store.bucket_name} {'made' if made else 'was there'}; strangers cannot read it.")


def made_with_patience(store: Any, seconds: int) -> bool:
    deadline = time.monotonic() + seconds
    while True:
        try:
            return bool(store.make_bucket())
        except PhotoStoreAway as error:
            if time.monotonic() > deadline:
                raise CommandError(
                    f"The photo store does not answer ({error}): check S3_ENDPOINT, S3_ACCESS_KEY and S3_SECRET_KEY."
                ) from error
            time.sleep(1)
