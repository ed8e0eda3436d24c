"""The one chain over all chains: a seal a minute over the events that came since the last."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

#: Tables of ours whose rows triggers keep (`sista.kept_rows`).
SEALED_TABLES = ("tallies_auditseal",)


class AuditSeal(models.Model):
    """What was recorded up to a moment. Append-only.

    ``ranges``: by source, the keys (after, upto], how many events and the SHA-256
    over their digests in order. ``seen``: the newest key of each source when the
    seal was made; the next one seals so far. Events of a practice election, which
    may go, are in no seal.
    """

    seq = models.PositiveIntegerField(unique=True)
    at = models.DateTimeField(_("pada"))
    ranges = models.JSONField(default=dict)
    seen = models.JSONField(default=dict)
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(_("sidik"), max_length=64)

    class Meta:
        verbose_name = _("segel jejak")
        verbose_name_plural = pgettext_lazy("daftar", "segel jejak")
        ordering = ["-seq"]

    def __str__(self) -> str:
        return f"{self.seq} {self.digest[:12]}"
