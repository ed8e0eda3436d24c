"""The thresholds of the rules, where an election departs from those that were measured."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from tallies.models import Election, PollingStation


class ElectionRulesQuerySet(models.QuerySet["ElectionRules"]):
    def visible_to(self, user) -> ElectionRulesQuerySet:
        return self.filter(election__in=Election.objects.visible_to(user))


class ElectionRules(models.Model):
    """Departures from `RuleSettings` and `ProjectionSettings`, by field name; what is not named is as measured.

    ``exempt_stations``: keys of TPS known to hold more voters than their register (pesantren, lapas, hospital): H4
    passes them over.
    """

    election = models.OneToOneField(
        Election, verbose_name=_("pemilihan"), on_delete=models.CASCADE, related_name="rules"
    )
    rules = models.JSONField(_("ambang aturan"), default=dict, blank=True)
    projection = models.JSONField(_("ambang proyeksi"), default=dict, blank=True)
    most_open = models.PositiveIntegerField(_("temuan SEDANG terbuka per kabupaten, paling banyak"), default=30)
    exempt_stations = models.ManyToManyField(
        PollingStation, verbose_name=_("TPS yang dikecualikan dari H4"), blank=True, related_name="+"
    )

    objects = ElectionRulesQuerySet.as_manager()
    history = HistoricalRecords(m2m_fields=[exempt_stations])

    class Meta:
        verbose_name = _("ambang pemilihan")
        verbose_name_plural = pgettext_lazy("daftar", "ambang pemilihan")

    def __str__(self) -> str:
        return str(self.election)
