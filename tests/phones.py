"""Phones of witnesses: a test client with the cookie of an activated device."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from accounts import activation, devices

PIN, OTHER_PIN = "730194", "482615"


def link_for(user: Any, *, by: Any) -> str:
    """The address of a new activation link."""
    return reverse("activate", args=[activation.issue(user, by=by)])


def open_link(address: str, *, pin: str = PIN, client: Client | None = None) -> tuple[Client, Any]:
    """Set the PIN behind the link; return the phone and what it was answered."""
    phone = client or Client()
    return phone, phone.post(address, {"pin": pin, "again": pin})


def activated_phone(user: Any, *, by: Any, pin: str = PIN) -> Client:
    phone, answer = open_link(link_for(user, by=by), pin=pin)
    assert answer.status_code == 302
    return phone


def locked_phone(user: Any, *, by: Any, pin: str = PIN) -> Client:
    """An activated phone whose owner has signed out."""
    phone = activated_phone(user, by=by, pin=pin)
    phone.post("/keluar/")
    return phone


def enter(phone: Client, pin: str, **more: Any) -> Any:
    return phone.post(reverse("pin"), {"pin": pin} | more)


def is_in(client: Client) -> bool:
    return client.get(reverse("witness-home")).status_code == 200


def key_of(phone: Client) -> str:
    return phone.cookies[devices.COOKIE].value
