"""What goes of a person: name, numbers, the ways in, the messages. What was accepted of them stays as it is."""

from __future__ import annotations

from typing import Any

from axes.models import AccessAttempt
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts import devices, running_sessions
from accounts.models import Activation, ApiToken, Device, Refusal, User
from tallies.models import (
    Assignment,
    ErasedPerson,
    InboundSms,
    Mandate,
    OutgoingSms,
    PartialPhoto,
    Photo,
    PhotoUpload,
    Reserve,
    SendingState,
)

#: In place of what the administration wrote down about somebody.
ERASED = "(data pribadi dihapus)"


def name_of(person: User) -> str:
    """What is called afterwards who had a name."""
    return f"Saksi {person.pk}"


def erase(people: list[User], *, by: Any) -> None:
    """Erase ``people``, whose rows are held and who are in `ErasedPerson`, inside the caller's transaction."""
    now, keys = timezone.now(), [one.pk for one in people]
    phones = [one.phone for one in people if one.phone]
    usernames = [one.username for one in people]
    for person in people:
        devices.end_active(person, by=by)
        running_sessions.end_all(person)  # of a password: with them go address and browser
        person.full_name, person.phone = name_of(person), ""
        person.first_name = person.last_name = person.email = ""
        # Also a name to sign in with: it is a number or a name here and there.
        person.username, person.is_active, person.last_login = f"dihapus-{person.pk}", False, None
        person.set_unusable_password()
        person.save()
    Device.objects.filter(user__in=keys).update(pin="!", session_key="")
    Activation.objects.open().filter(user__in=keys).update(revoked_at=now, revoked_by=by)
    ApiToken.objects.filter(owner__in=keys, revoked_at=None).update(revoked_at=now, revoked_by=by)
    AccessAttempt.objects.filter(username__in=[*usernames, *phones]).delete()
    Refusal.objects.filter(user__in=keys).delete()
    PartialPhoto.objects.filter(uploaded_by__in=keys).delete()
    _erase_letters(people)
    _erase_messages(keys, phones)
    _erase_administration(keys)
    _erase_photo_facts(keys)


def _erase_letters(people: list[User]) -> None:
    """The name that stood on their letters of mandate; number, assignment and dates stay."""
    for person in people:
        Mandate.objects.filter(assignment__witness=person).update(name=name_of(person))


def _erase_messages(keys: list[int], phones: list[str]) -> None:
    InboundSms.objects.filter(Q(person__in=keys) | Q(sender__in=phones)).update(sender="", text="")
    sent = OutgoingSms.objects.filter(Q(person__in=keys) | Q(to__in=phones))
    sent.filter(state=SendingState.WAITING).update(state=SendingState.REFUSED)
    sent.update(to="", text="")


def _erase_administration(keys: list[int]) -> None:
    """What the admin noted of them, and of what names them."""
    named: list[tuple[type[Any], Any]] = [
        (User, keys),
        (Assignment, Assignment.objects.filter(witness__in=keys).values_list("pk", flat=True)),
        (Reserve, Reserve.objects.filter(person__in=keys).values_list("pk", flat=True)),
    ]
    for model, of_model in named:
        kind = ContentType.objects.get_for_model(model)
        entries = LogEntry.objects.filter(content_type=kind, object_id__in=[str(one) for one in of_model])
        entries.update(object_repr=ERASED, change_message="")


def _erase_photo_facts(keys: list[int]) -> None:
    """What EXIF told of their photos, unless somebody who keeps a name brought the same one. The originals stay."""
    mine = PhotoUpload.objects.filter(photo=OuterRef("pk"), uploaded_by__in=keys)
    kept = PhotoUpload.objects.filter(photo=OuterRef("pk")).filter(
        ~Exists(ErasedPerson.objects.filter(person=OuterRef("uploaded_by")))
    )
    Photo.objects.filter(Exists(mine), ~Exists(kept)).update(facts={})
