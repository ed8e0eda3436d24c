from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin

from analytics import rule_settings
from analytics.models import (
    ContestOutcome,
    ElectionRules,
    Expectation,
    ExpectationEvent,
    ExpectedShare,
    Finding,
    FindingEvent,
    Target,
)
from analytics.projecting.settings import ProjectionSettings
from analytics.rules.settings import RuleSettings
from regions.models import Level
from sista.scoped_admin import ScopedAdmin


class TargetForm(forms.ModelForm):
    """A target is a dated statement: a new one is another row, an old one is only switched off."""

    class Meta:
        model = Target
        fields = ["contest", "stated_on", "stated_by", "source", "expected_share", "is_active"]
        help_texts = {"expected_share": _("Pecahan: 0,41 berarti 41%. Boleh kosong.")}

    def clean(self):
        cleaned = super().clean()
        contest = cleaned.get("contest") or self.instance.contest_id
        others = Target.objects.active().filter(contest=contest).exclude(pk=self.instance.pk)
        if contest and cleaned.get("is_active") and others.exists():
            self.add_error("is_active", _("Kontes ini sudah punya target yang berlaku. Matikan dahulu yang lama."))
        return cleaned


@admin.register(Target)
class TargetAdmin(ScopedAdmin):
    form = TargetForm
    list_display = ["contest", "stated_on", "stated_by", "expected_share", "is_active"]
    list_filter = ["is_active", "contest__election"]
    list_select_related = ["contest__region", "contest__election"]
    search_fields = ["contest__region__name", "contest__region__code"]
    autocomplete_fields = ["contest"]

    def get_readonly_fields(self, request, obj=None):
        return ["contest", "stated_on", "stated_by", "source", "expected_share"] if obj else []

    def has_delete_permission(self, request, obj=None):
        return False  # what was expected is evidence


@admin.register(ContestOutcome)
class ContestOutcomeAdmin(ScopedAdmin):
    """When the KPU announced; the days left to petition are counted from here."""

    fields = ["contest", "announced_on", "source"]
    list_display = ["contest", "announced_on", "source"]
    list_filter = ["contest__election"]
    list_select_related = ["contest__region", "contest__election"]
    search_fields = ["contest__region__name", "contest__region__code"]
    autocomplete_fields = ["contest"]

    def get_readonly_fields(self, request, obj=None):
        return ["contest"] if obj else []


class ReadOnlyInline(admin.TabularInline):
    extra = 0
    can_delete = False

    def has_view_permission(self, request, obj=None):
        return request.user.is_staff

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False


class ExpectedShareInline(ReadOnlyInline):
    """The kabupaten and what lies above: kecamatan are on the expectation's page, stations may be 800,000."""

    model = ExpectedShare
    fields = readonly_fields = ["region", "pair", "share", "turnout", "margin", "margin_spread"]

    def get_queryset(self, request):
        rows = super().get_queryset(request).filter(station=None, region__level__lte=Level.REGENCY)
        return rows.select_related("region", "pair")


class ExpectationEventInline(ReadOnlyInline):
    model = ExpectationEvent
    fields = readonly_fields = ["at", "action", "actor"]


@admin.register(Expectation)
class ExpectationAdmin(ScopedAdmin):
    """Made and chosen on pages of their own; here to be read. What was expected is evidence."""

    read_only = True
    list_display = ["contest", "method", "source", "stated_on", "made_by", "is_active"]
    list_filter = ["is_active", "method", "contest__election"]
    list_select_related = ["contest__region", "contest__election", "made_by"]
    search_fields = ["contest__region__name", "contest__region__code"]
    inlines = [ExpectedShareInline, ExpectationEventInline]

    def has_delete_permission(self, request, obj=None):
        return False


#: What an event is called; the record itself keeps the code.
EVENT_WORDS = {
    "opened": _("Ditemukan"),
    "reopened": _("Dibuka lagi"),
    "updated": _("Keadaan berubah"),
    "closed": _("Ditutup"),
}


class FindingEventInline(ReadOnlyInline):
    model = FindingEvent
    fields = readonly_fields = ["at", "what", "actor", "numbers"]

    @admin.display(description=_("tindakan"))
    def what(self, event):
        return EVENT_WORDS.get(event.action, event.action)


@admin.register(Finding)
class FindingAdmin(ScopedAdmin):
    """Written by the rules; here to be read."""

    read_only = True
    list_display = ["region", "rule", "severity", "state", "updated_at"]
    list_filter = ["state", "severity", "contest__election"]
    list_select_related = ["region"]
    search_fields = ["region__name", "region__code"]
    inlines = [FindingEventInline]


class ElectionRulesForm(forms.ModelForm):
    """Departures from the measured thresholds; a name or a kind that no rule knows is refused here."""

    class Meta:
        model = ElectionRules
        fields = ["election", "most_open", "rules", "projection", "exempt_stations"]
        help_texts = {
            "rules": _('Hanya yang berbeda dari bawaan, misalnya {"swing_q": 0.01, "sum_high": 10}.'),
            "projection": _('Hanya yang berbeda dari bawaan, misalnya {"pseudo_votes": 800}.'),
        }

    def clean(self):
        cleaned = super().clean()
        for name, measured in (("rules", RuleSettings()), ("projection", ProjectionSettings())):
            try:
                rule_settings.changed(measured, cleaned.get(name) or {})
            except (ValueError, AttributeError) as error:
                self.add_error(name, _("Tidak dikenal, atau bukan angka: %(name)s") % {"name": error})
        return cleaned


@admin.register(ElectionRules)
class ElectionRulesAdmin(ScopedAdmin, SimpleHistoryAdmin):
    """Thresholds reach over every provinsi of the election: staff read them, a superuser changes them."""

    superuser_only = True
    form = ElectionRulesForm
    list_display = ["election", "most_open"]
    list_select_related = ["election"]
    autocomplete_fields = ["exempt_stations"]

    def has_delete_permission(self, request, obj=None):
        return False  # the history of thresholds is part of what a finding says
