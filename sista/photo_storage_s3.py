"""Photos in an S3-compatible store: a private bucket, read by us alone."""

from __future__ import annotations

import datetime as dt
import secrets
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import ContentFile, File
from storages.backends.s3 import S3Storage
from urllib3.exceptions import HTTPError

from sista.photo_storage import PhotoStoreAway

#: A photo of 350 KB takes a store some milliseconds; a request must not wait for one that hangs.
CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 2, 10, 2
#: Bytes of a fetched file that stay in memory.
IN_MEMORY = 1024 * 1024


class S3PhotoStorage(S3Storage):
    """Saves, opens and deletes by name; names are made from hashes, so the same name is the same bytes.

    Raises ``FileNotFoundError`` for a name that is not there and
    `PhotoStoreAway` for everything else that goes wrong, both of them OSError
    as with files on a disk.
    """

    def __init__(self, **options: Any) -> None:
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"max_attempts": ATTEMPTS, "mode": "standard"},
            signature_version="s3v4",
            # Stores of our own have one address, not a name a bucket.
            s3={"addressing_style": "path" if options.get("endpoint_url") else "auto"},
            # Newer botocore adds checksums that not every S3-compatible store takes.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        # No ACL is sent: the bucket's owner alone reads.
        super().__init__(default_acl=None, file_overwrite=True, client_config=config, **options)

    @cached_property
    def client(self) -> Any:
        """One client for all threads, which it allows. The parent makes a connection for each thread."""
        session = boto3.Session(self.access_key, self.secret_key, region_name=self.region_name)
        return session.client("s3", endpoint_url=self.endpoint_url, config=self.client_config)

    def _save(self, name: str, content: File) -> str:
        # One request, so that an object is whole or not there. A photo has at most 20 MB.
        with _as_os_errors(name):
            self.client.put_object(Bucket=self.bucket_name, Key=name, Body=content.read())
        return name

    def _open(self, name: str, mode: str = "rb") -> File:
        # Read at once: the parent reads when the answer has begun, too late to say that the store is away.
        with _as_os_errors(name):
            found = self.client.get_object(Bucket=self.bucket_name, Key=name)
            return ContentFile(found["Body"].read(), name=name)

    def exists(self, name: str) -> bool:
        try:
            with _as_os_errors(name):
                self.client.head_object(Bucket=self.bucket_name, Key=name)
        except FileNotFoundError:
            return False
        return True

    def delete(self, name: str) -> None:
        with _as_os_errors(name):
            self.client.delete_object(Bucket=self.bucket_name, Key=name)

    def names_older_than(self, folder: str, moment: dt.datetime) -> list[str]:
        """Names below ``folder`` last written before ``moment``."""
        with _as_os_errors(folder):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket_name, Prefix=f"{folder}/"
            )
            found = [one for page in pages for one in page.get("Contents", [])]
        return [one["Key"] for one in found if one["LastModified"] < moment]

    def url(self, name: str, *_args: Any, **_options: Any) -> str:
        raise NotImplementedError("photos are shown by the photo view, which looks at who asks")

    def make_bucket(self) -> bool:
        """Create the bucket; False when it was there."""
        with _as_os_errors(self.bucket_name):
            try:
                self.client.head_bucket(Bucket=self.bucket_name)
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                    raise
                elsewhere = self.region_name and self.region_name != "us-east-1"
                place = {"CreateBucketConfiguration": {"LocationConstraint": self.region_name}} if elsewhere else {}
                self.client.create_bucket(Bucket=self.bucket_name, **place)
                return True
            return False

    def is_public(self) -> bool:
        """True when a stranger can read what is saved: tried with an object, without any key."""
        name = self.save(f"probe/{secrets.token_hex(16)}", ContentFile(b"private"))
        try:
            address = f"{self.client.meta.endpoint_url}/{self.bucket_name}/{name}"
            with urllib.request.urlopen(address, timeout=READ_SECONDS):
                return True
        except urllib.error.HTTPError:
            return False
        finally:
            self.delete(name)


class S3FileStorage(S3PhotoStorage):
    """The same bucket for files that need not fit into memory."""

    def _save(self, name: str, content: File) -> str:
        with _as_os_errors(name):
            # Not upload_fileobj: it closes what it was given.
            self.client.put_object(Bucket=self.bucket_name, Key=name, Body=content.file)
        return name

    def _open(self, name: str, mode: str = "rb") -> File:
        # Fetched whole before the answer begins: too late to say then that the store is away.
        out: Any = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  closed by who reads it
        with _as_os_errors(name):
            self.client.download_fileobj(self.bucket_name, name, out)
        out.seek(0)
        return File(out, name=name)


@contextmanager
def _as_os_errors(name: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ("404", "NoSuchKey"):
            raise FileNotFoundError(name) from error
        raise PhotoStoreAway(str(error.response.get("Error", {}).get("Code"))) from error
    except (BotoCoreError, HTTPError, OSError) as error:
        raise PhotoStoreAway(type(error).__name__) from error
