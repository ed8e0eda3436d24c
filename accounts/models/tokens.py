"""A key with which a program reads what its owner may read."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models.people import Role, User
from regions.models import Region


class TokenScope(models.TextChoices):
    READ = "baca", _("Membaca")


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self) -> ApiTokenQuerySet:
        return self.filter(revoked_at=None, expires_at__gt=timezone.now())


class ApiToken(models.Model):
    """Rows are kept: who could read what, and until when, is evidence. Of the token only its SHA-256 is stored.

    ``role`` and ``owner_region`` are the owner's when it was made: when they are others, it ends.
    """

    owner = models.ForeignKey(User, verbose_name=_("pemilik"), on_delete=models.PROTECT, related_name="api_tokens")
    name = models.CharField(_("nama"), max_length=60)
    token_hash = models.CharField(_("sidik token"), max_length=64, unique=True)
    scope = models.CharField(_("lingkup"), max_length=8, choices=TokenScope.choices, default=TokenScope.READ)
    region = models.ForeignKey(Region, verbose_name=_("wilayah"), on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=12, choices=Role.choices, editable=False)
    owner_region = models.ForeignKey(
        Region, null=True, on_delete=models.PROTECT, related_name="+", db_index=False, editable=False
    )
    created_at = models.DateTimeField(_("dibuat pada"), auto_now_add=True)
    expires_at = models.DateTimeField(_("berlaku sampai"))
    revoked_at = models.DateTimeField(_("dicabut pada"), null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("dicabut oleh"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    last_used_at = models.DateTimeField(_("terakhir dipakai"), null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("token API")
        verbose_name_plural = pgettext_lazy("daftar", "token API")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="a_token_ends_after_it_begins")
        ]

    def __str__(self) -> str:
        return f"{self.owner_id} {self.name}"

    @property
    def is_usable(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()
