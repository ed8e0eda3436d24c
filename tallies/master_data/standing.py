"""What an undo asks before it takes something back: is it as it was written, and does anything stand on it?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from tallies.importing.confirming import NotUndone
from tallies.models import MasterChange


def still_as_written(now: dict[str, Any], change: MasterChange, name: str) -> None:
    """Raise `NotUndone` where somebody changed it after the import."""
    if now != change.after:
        raise NotUndone(_("%(name)s sudah diubah lagi sesudah impor ini.") % {"name": name})


def stands_on(model: type[Model], keys: Sequence[int], *, but: Iterable[type[Model]] = ()) -> bool:
    """True when any row of any table, those of higher apps too, points at one of ``keys``."""
    passed = set(but)
    for relation in model._meta.get_fields(include_hidden=True):
        if not (relation.auto_created and relation.is_relation) or relation.concrete or relation.many_to_many:
            continue
        other = relation.related_model
        if other in passed or hasattr(other, "instance_type"):  # a row of a history is not one that depends
            continue
        # Most tables hold nothing before the day, and are asked no long list then.
        if (
            other._base_manager.exists()
            and other._base_manager.filter(**{f"{relation.field.name}__in": keys}).exists()
        ):
            return True
    return False


def write_removal(rows: Sequence[Any], *, by: Any, why: str) -> None:
    """Write into the history that ``rows`` of one model with a history are removed."""
    if not rows:
        return
    history = type(rows[0]).history.model
    at = timezone.now()
    history.objects.bulk_create(
        (
            history(
                history_date=at,
                history_user=by,
                history_type="-",
                history_change_reason=why,
                **{field.attname: getattr(row, field.attname) for field in history.tracked_fields},
            )
            for row in rows
        ),
        batch_size=1000,
    )
