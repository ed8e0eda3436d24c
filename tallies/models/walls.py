"""The links by which a big screen shows one place, without anybody signed in."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regions.models import Region
from tallies.models.elections import Election, Office

WALL_NAME_LENGTH = 60


class WallLinkQuerySet(models.QuerySet["WallLink"]):
    def visible_to(self, user) -> WallLinkQuerySet:
        """Keep the screens of the user's region and below."""
        scope = user.scope
        if scope is None:
            return self.none()
        return self.filter(region__first__range=(scope.first, scope.last))


class WallLink(models.Model):
    """A secret address that shows ``office`` in ``region`` until revoked or expired.

    Not a contest: above the contests' own regions there is none, and below one
    there may be many. Of the secret only the SHA-256 is stored. Rows are kept:
    who let whom see what, and until when, may be asked later.
    """

    election = models.ForeignKey(Election, on_delete=models.CASCADE, related_name="wall_links")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="wall_links")
    office = models.CharField(max_length=12, choices=Office.choices)
    name = models.CharField(_("nama layar"), max_length=WALL_NAME_LENGTH, blank=True)
    # The screen has no reader whose choice it could follow.
    language = models.CharField(_("bahasa layar"), max_length=5, choices=settings.LANGUAGES, default="id")
    token_hash = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    last_seen_at = models.DateTimeField(null=True)

    objects = WallLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("tautan layar besar")
        verbose_name_plural = pgettext_lazy("daftar", "tautan layar besar")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by=None) | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="a_revoked_wall_link_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("made_at")), name="a_wall_link_expires_after_it_is_made"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region_id} {self.made_at:%Y-%m-%d %H:%M}"

    @property
    def is_open(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()

    @property
    def lifetime(self) -> timedelta:
        return self.expires_at - self.made_at
