from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin

from accounts.phone_numbers import normalise_start, spoken
from sista.database import writing
from sista.scoped_admin import ScopedAdmin
from tallies import assigning, preparation
from tallies.count_room import asking
from tallies.models import (
    Assignment,
    AuditEvent,
    Contest,
    Election,
    InboundSms,
    Pair,
    PollingStation,
    QuarantinedForm,
)


@admin.register(Election)
class ElectionAdmin(ScopedAdmin, SimpleHistoryAdmin):
    """An election reaches over every provinsi: staff read it, a superuser changes it."""

    superuser_only = True
    list_display = ["name", "date", "phase", "form_kind", "is_simulation"]
    list_filter = ["phase"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    # By two persons, on a page of its own (`tallies.phases`); practice is made there too.
    readonly_fields = ["phase", "practice_of"]

    def has_delete_permission(self, request, obj=None):
        # Forms of a real election are evidence, and triggers refuse.
        is_practice = obj is not None and obj.practice_of_id is not None
        return is_practice and super().has_delete_permission(request, obj)

    def get_prepopulated_fields(self, request, obj=None):
        return super().get_prepopulated_fields(request, obj) if request.user.is_superuser else {}

    def save_model(self, request, obj, form, change):
        with writing():
            if change:
                # The row is saved whole: with the phase as it is now, not as it was when it was read. Forms refer to
                # the row, and with ``no_key`` need not wait.
                obj.phase = Election.objects.select_for_update(no_key=True).get(pk=obj.pk).phase
            super().save_model(request, obj, form, change)
        if change and "reading_mode" in form.changed_data:
            asking.ask_anew(obj)


class PairInline(admin.TabularInline):
    model = Pair
    extra = 0
    fields = ["number", "name", "backing", "usungan"]

    def has_view_permission(self, request, obj=None):
        return request.user.is_staff

    def has_add_permission(self, request, obj=None):
        # A pair that appears after forms came in would make every one of them wrong.
        return self.has_change_permission(request, obj) and not (obj and obj.forms.exists())

    def has_change_permission(self, request, obj=None):
        return request.user.is_staff and request.user.may_decide

    def has_delete_permission(self, request, obj=None):
        return self.has_add_permission(request, obj)


def _makes_or_removes(formset):
    made = any(one.has_changed() for one in formset.extra_forms)
    return made or bool(formset.deleted_forms)


@admin.register(Contest)
class ContestAdmin(ScopedAdmin, SimpleHistoryAdmin):
    list_display = ["named", "election", "region", "office"]
    list_filter = ["election", "office"]
    list_select_related = ["election", "region"]
    search_fields = ["region__name", "region__code"]
    autocomplete_fields = ["region"]
    inlines = [PairInline]

    @admin.display(description=_("kontes"), ordering="region__first")
    def named(self, contest):
        return contest.title

    def get_queryset(self, request):
        # Its name is made of both, also in the answers of an autocompletion.
        rows = super().get_queryset(request).select_related("election", "region")
        if request.user.is_superuser:
            return rows
        # `visible_to` also shows the contests above: theirs to read, not to edit.
        scope = request.user.scope
        return rows.filter(region__first__range=(scope.first, scope.last))

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "election" and not request.user.is_superuser:
            # One that has no contest yet is nobody's: its first contest makes it the provinsi's.
            unplaced = Election.objects.filter(contests=None, practice_of=None)
            choices = Election.objects.filter(
                Q(pk__in=Election.objects.visible_to(request.user).values("pk")) | Q(pk__in=unplaced.values("pk"))
            )
            return db_field.formfield(**(kwargs | {"queryset": choices}))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_delete_permission(self, request, obj=None):
        # With stations it has results: of a nation, a million rows that the page of confirmation would collect.
        return super().has_delete_permission(request, obj) and not (obj and obj.results.exists())

    def save_related(self, request, form, formsets, change):
        contest = form.instance
        if change and any(formset.has_changed() for formset in formsets):
            preparation.hold_pairs(contest.election_id, [contest.pk])
            if contest.forms.exists() and any(_makes_or_removes(formset) for formset in formsets):
                raise PermissionDenied  # the first form came in between the question and now
        super().save_related(request, form, formsets, change)
        preparation.complete_contest(form.instance)


class PollingStationForm(forms.ModelForm):
    def clean(self):
        cleaned = super().clean()
        region = cleaned.get("region")
        if self.instance.pk and region:
            try:
                preparation.require_inside_its_contests(self.instance, region)
            except preparation.OutsideItsContest as outside:
                sentence = _("Desa ini di luar wilayah %(contest)s, yang menghitung TPS ini. Pilih desa di dalamnya.")
                self.add_error("region", sentence % {"contest": outside.contest.title})
        return cleaned


class UnfinishedFilter(admin.SimpleListFilter):
    """What the start page counts. Not of a practice election: nobody has to prepare that one."""

    title = _("kelengkapan")
    parameter_name = "belum"

    def lookups(self, request, model_admin):
        return [("saksi", _("Tanpa saksi")), ("dpt", _("Tanpa DPT"))]

    def queryset(self, request, queryset):
        real = queryset.filter(election__practice_of=None)
        return {"saksi": real.unguarded, "dpt": real.without_dpt}.get(self.value(), queryset.all)()


@admin.register(PollingStation)
class PollingStationAdmin(ScopedAdmin, SimpleHistoryAdmin):
    form = PollingStationForm
    list_display = ["full_code", "region", "number", "registered_male", "registered_female"]
    list_filter = [UnfinishedFilter, "election"]
    search_fields = ["region__code__startswith", "region__name"]
    # Also behind the one column a list is sorted by.
    ordering = ["region__first", "number"]
    sortable_by = ["full_code"]
    autocomplete_fields = ["region"]

    @admin.display(description=_("kode"), ordering="region__first")
    def full_code(self, station):
        return station.code

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("region")

    def save_model(self, request, obj, form, change):
        preparation.save_station(obj)

    def has_delete_permission(self, request, obj=None):
        return False  # its forms are evidence


@admin.register(Assignment)
class AssignmentAdmin(ScopedAdmin):
    list_display = ["station", "witness", "assigned_at", "revoked_at"]
    list_select_related = ["station__region", "witness"]
    search_fields = ["witness__username", "witness__full_name"]
    search_help_text = _("Nama saksi, atau kode wilayah seperti 35.07.05.")
    sortable_by = ["station", "witness"]
    autocomplete_fields = ["station", "witness"]
    fields = ["station", "witness"]
    actions = ["revoke"]

    def get_search_results(self, request, queryset, search_term):
        # A code or a name, not either: one OR over stations and witnesses would read every assignment.
        words = search_term.split()
        for code in (word for word in words if word[0].isdigit()):
            queryset = queryset.filter(station__region__code__startswith=code)
        names = " ".join(word for word in words if not word[0].isdigit())
        return super().get_search_results(request, queryset, names)

    def save_model(self, request, obj, form, change):
        kept = assigning.assign(obj.station, obj.witness, by=request.user)
        obj.pk, obj.assigned_by_id = kept.pk, kept.assigned_by_id

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request) if obj is None else False

    def has_delete_permission(self, request, obj=None):
        return False  # who was there is evidence: revoke instead

    @admin.action(description=_("Cabut penugasan"), permissions=["change"])
    def revoke(self, request, queryset):
        for assignment in queryset:
            assigning.revoke(assignment, by=request.user)


#: What an event is called; the record itself keeps the code.
AUDIT_WORDS = {
    "form received": _("formulir diterima"),
    "form verified": _("formulir diverifikasi"),
    "form rejected": _("formulir ditolak"),
    "form corrected": _("formulir diperbaiki"),
    "form needs_fix": _("perbaikan diminta"),
}


@admin.register(AuditEvent)
class AuditEventAdmin(ScopedAdmin):
    read_only = True
    list_display = ["result_key", "seq", "at", "actor", "what"]
    list_select_related = ["actor", "result__station__region"]
    search_fields = ["result__station__region__code__startswith"]
    search_help_text = _("Kode wilayah seperti 35.07.05.")
    sortable_by = []

    @admin.display(description=_("hasil TPS"), ordering="result")
    def result_key(self, event):
        return str(event.result.station)

    @admin.display(description=_("tindakan"), ordering="action")
    def what(self, event):
        return AUDIT_WORDS.get(event.action, event.action)

    def get_queryset(self, request):
        rows = admin.ModelAdmin.get_queryset(self, request)
        scope = request.user.scope
        return (
            rows
            if request.user.is_superuser
            else rows.filter(result__station__region__first__range=(scope.first, scope.last))
        )


@admin.register(QuarantinedForm)
class QuarantinedFormAdmin(ScopedAdmin):
    read_only = True
    list_display = ["received_at", "station", "submitted_by"]
    list_select_related = ["station__region", "submitted_by"]
    search_fields = ["station__region__code__startswith"]
    search_help_text = _("Kode wilayah seperti 35.07.05.")
    sortable_by = []


@admin.register(InboundSms)
class InboundSmsAdmin(ScopedAdmin):
    """What came in by SMS and what was answered. Where an unknown number belongs nobody knows: superusers read it."""

    read_only = True
    list_display = ["received_at", "number", "person", "text", "outcome", "place"]
    list_filter = ["outcome"]
    search_fields = ["sender__startswith"]
    search_help_text = _("Nomor telepon seperti 0812-3456.")
    sortable_by = []
    fields = [
        *("received_at", "arrived_at", "number", "person", "text"),
        *("outcome", "station", "form", "answered", "sending"),
    ]
    readonly_fields = ["number", "answered", "sending"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("person", "station__region", "answer", "form")

    def get_search_results(self, request, queryset, search_term):
        return super().get_search_results(request, queryset, normalise_start(search_term))

    @admin.display(description=_("nomor"))
    def number(self, message):
        return spoken(message.sender) or None

    @admin.display(description=_("TPS"))
    def place(self, message):
        return message.station.code if message.station else None

    @admin.display(description=_("jawaban"))
    def answered(self, message):
        return message.answer.text if message.answer else None

    @admin.display(description=_("pengiriman"))
    def sending(self, message):
        return message.answer.get_state_display() if message.answer else None
