"""What people did beside the figures: rights, assignments, phases, exports, refused access. Rows are only added."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regions.models import Level, Region

#: Tables whose rows triggers keep (`sista.kept_rows`).
KEPT_TABLES = ("accounts_administrativeevent",)


class EventChain(models.Model):
    """The end of one hash chain, of a kabupaten or of a few people. Whoever appends locks its row."""

    key = models.CharField(max_length=40, unique=True)
    seq = models.PositiveIntegerField(default=0)
    head = models.CharField(max_length=64, default="", blank=True)

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return f"{self.key} {self.seq}"


class AdministrativeEventQuerySet(models.QuerySet["AdministrativeEvent"]):
    def visible_to(self, user) -> AdministrativeEventQuerySet:
        """Keep what happened in the user's region; what has no region, the nation and whoever did it see."""
        scope = user.scope
        if scope is None:
            return self.filter(actor=user)
        if scope.level == Level.NATION:
            return self.all()
        return self.filter(Q(region__first__range=(scope.first, scope.last)) | Q(actor=user))


class AdministrativeEvent(models.Model):
    """One act: who (None: whoever runs the server), what (a code), where, on what, and its content.

    ``subject`` is ``model:key`` ("assignment:12"); ``digest`` covers every other
    column and ``previous``, the digest before it in its chain.
    """

    chain = models.ForeignKey(EventChain, on_delete=models.PROTECT, related_name="events", db_index=False)
    seq = models.PositiveIntegerField()
    at = models.DateTimeField(_("pada"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("oleh"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    action = models.CharField(_("tindakan"), max_length=40)
    region = models.ForeignKey(
        Region, verbose_name=_("wilayah"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    subject = models.CharField(_("tentang"), max_length=60, blank=True)
    content = models.JSONField(_("isi"), default=dict)
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)

    objects = AdministrativeEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("jejak administrasi")
        verbose_name_plural = pgettext_lazy("daftar", "jejak administrasi")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["chain", "seq"], name="one_administrative_event_a_place")]
        indexes = [
            models.Index(fields=["subject", "id"], name="events_of_a_subject"),
            models.Index(fields=["action", "id"], name="events_of_an_action"),
        ]

    def __str__(self) -> str:
        return f"{self.chain_id}/{self.seq} {self.action}"
