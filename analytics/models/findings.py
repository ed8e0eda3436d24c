"""Findings: what a rule saw at a place, and what became of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regions.models import Region
from tallies.models import Contest, PollingStation


class Rule(models.TextChoices):
    """The rules, by their codes. Documents (D), arithmetic (H), entry (E), copies (P), statistics (S), time (T)."""

    TWO_READINGS = "D1", _("Dua bacaan satu foto berbeda")
    OFFICIAL_DIFFERS = "D2", _("C1 kita berbeda dari angka resmi TPS")
    SHIFT = "D3", _("Pergeseran dari C1 ke D.Hasil")
    PROVEN_SHIFT = "D4", _("Pergeseran yang terbukti walau C1 belum lengkap")
    SUM_OF_PAIRS = "H1", _("Jumlah paslon tidak sama dengan suara sah")
    FORM_RELATIONS = "H2", _("Hubungan angka di formulir tidak terpenuhi")
    ABOVE_BALLOTS = "H3", _("Suara melebihi surat suara")
    ABOVE_REGISTER = "H4", _("Suara melebihi DPT dan cadangan")
    FULL_TURNOUT = "H5", _("Partisipasi tepat 100%")
    ABOVE_INVITATIONS = "H6", _("Pemilih melebihi undangan yang sampai")
    DIGIT = "E1", _("Saran perbaikan angka")
    SWAPPED = "E2", _("Kolom paslon mungkin tertukar")
    OTHER_STATION = "E3", _("Angka sama dengan TPS lain")
    SAME_FILE = "P1", _("Berkas foto yang sama di dua TPS")
    SAME_PICTURE = "P2", _("Gambar yang sama di dua TPS")
    PHOTO_FACTS = "P3", _("Keterangan foto tidak cocok")
    IDENTICAL_FIGURES = "P4", _("Angka kembar di TPS bertetangga")
    STATION_SWING = "S1", _("Bagian suara jauh dari sekitarnya")
    IMPROBABLE_ZERO = "S2", _("Nol atau semua suara yang hampir mustahil")
    AREA_SWING = "S3", _("Bagian suara wilayah jauh dari harapan")
    SILENT_STRONGHOLD = "T1", _("Kantong suara belum masuk")
    LATE_VERSION = "T2", _("Versi terlambat")
    OFF_TARGET = "W", _("Lepas dari target")


#: Rules that weigh likelihoods: their page ends with "bukan bukti kecurangan".
STATISTICAL_RULES = (Rule.SWAPPED, Rule.STATION_SWING, Rule.IMPROBABLE_ZERO, Rule.AREA_SWING)


class Severity(models.IntegerChoices):
    INFO = 1, _("INFO")
    MEDIUM = 2, _("SEDANG")
    HIGH = 3, _("TINGGI")
    CRITICAL = 4, _("KRITIS")


class FindingState(models.TextChoices):
    OPEN = "terbuka", _("Terbuka")
    ASSIGNED = "ditugaskan", _("Ditugaskan")
    ESCALATED = "diteruskan", _("Diteruskan")
    EXPLAINED = "dijelaskan", _("Dijelaskan")
    CONFIRMED = "dipastikan", _("Dipastikan")
    #: By the rule: what it saw is no longer so.
    CLOSED = "tertutup", _("Tertutup")


#: Somebody still has to do something.
ACTIVE_STATES = (FindingState.OPEN, FindingState.ASSIGNED, FindingState.ESCALATED)
#: What counts in sums: nobody has explained it away.
STANDING_STATES = (*ACTIVE_STATES, FindingState.CONFIRMED)
SETTLED_STATES = (FindingState.EXPLAINED, FindingState.CONFIRMED, FindingState.CLOSED)


class FindingQuerySet(models.QuerySet["Finding"]):
    def open(self) -> FindingQuerySet:
        """Keep those that somebody still has to do something about."""
        return self.filter(state__in=ACTIVE_STATES)

    def shown(self) -> FindingQuerySet:
        """Leave out those that wait behind the limit of what a coordinator is shown at once."""
        return self.filter(is_held=False)

    def visible_to(self, user) -> FindingQuerySet:
        scope = user.scope
        return self.none() if scope is None else self.filter(region__first__range=(scope.first, scope.last))


class Finding(models.Model):
    """One a (rule, place): a code and numbers; the wording is in the templates.

    The place is a station (``region`` is then its desa) or a region. ``numbers`` are those of the newest
    version, ``basis`` a digest of what they rest on (the form's own figures, not its neighbours'): while it is
    equal a person's answer stands. ``suggestions``: values that would put it right, at most three, never
    applied. ``stake``: votes of our margin that it is about. ``is_held``: beyond the number of SEDANG
    findings that a coordinator is shown at once.
    """

    rule = models.CharField(_("aturan"), max_length=2, choices=Rule.choices)
    contest = models.ForeignKey(Contest, verbose_name=_("kontes"), on_delete=models.CASCADE, related_name="findings")
    region = models.ForeignKey(Region, verbose_name=_("wilayah"), on_delete=models.CASCADE, related_name="findings")
    station = models.ForeignKey(
        PollingStation,
        verbose_name=_("TPS"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="findings",
    )
    severity = models.PositiveSmallIntegerField(_("tingkat"), choices=Severity.choices)
    state = models.CharField(_("keadaan"), max_length=10, choices=FindingState.choices, default=FindingState.OPEN)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("ditugaskan kepada"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="findings",
    )
    numbers = models.JSONField(_("angka"), default=dict)
    suggestions = models.JSONField(_("saran"), default=list)
    basis = models.CharField(_("dasar"), max_length=64, blank=True)
    stake = models.PositiveIntegerField(_("suara yang dipertaruhkan"), default=0)
    is_held = models.BooleanField(_("menunggu giliran"), default=False)
    version = models.PositiveIntegerField(_("versi"), default=1)
    opened_at = models.DateTimeField(_("dibuka pada"))
    updated_at = models.DateTimeField(_("diperbarui pada"))
    closed_at = models.DateTimeField(_("ditutup pada"), null=True, blank=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = _("temuan")
        verbose_name_plural = pgettext_lazy("daftar", "temuan")
        ordering = ["-severity", "-stake", "region__first", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "contest", "region"],
                condition=Q(station=None),
                name="one_finding_a_rule_and_region",
            ),
            models.UniqueConstraint(
                fields=["rule", "contest", "station"],
                condition=Q(station__isnull=False),
                name="one_finding_a_rule_and_station",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ACTIVE_STATES, closed_at=None)
                | Q(state__in=SETTLED_STATES, closed_at__isnull=False),
                name="a_settled_finding_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(state=FindingState.ASSIGNED) | Q(assigned_to__isnull=False),
                name="an_assigned_finding_says_to_whom",
            ),
        ]
        indexes = [
            models.Index(
                fields=["contest", "-severity", "-stake"],
                name="findings_to_work_on",
                condition=Q(state__in=ACTIVE_STATES, is_held=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.station_id or self.region_id}"

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE_STATES

    @property
    def is_statistical(self) -> bool:
        return self.rule in STATISTICAL_RULES


class FindingVersion(models.Model):
    """What the rule saw, each time it saw something else. Append-only."""

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField(_("versi"))
    at = models.DateTimeField(_("pada"))
    severity = models.PositiveSmallIntegerField(_("tingkat"), choices=Severity.choices)
    numbers = models.JSONField(_("angka"), default=dict)
    suggestions = models.JSONField(_("saran"), default=list)

    class Meta:
        verbose_name = _("versi temuan")
        verbose_name_plural = pgettext_lazy("daftar", "versi temuan")
        ordering = ["finding", "number"]
        constraints = [
            models.UniqueConstraint(fields=["finding", "number"], name="versions_of_a_finding_are_numbered")
        ]

    def __str__(self) -> str:
        return f"{self.finding_id} v{self.number}"


class FindingEvent(models.Model):
    """A change of a finding: opened, numbers moved, closed; by the rule (no actor) or a person, with the reason."""

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(_("pada"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("oleh"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    action = models.CharField(_("tindakan"), max_length=20)
    reason = models.CharField(_("alasan"), max_length=500, blank=True)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("ditugaskan kepada"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    numbers = models.JSONField(_("angka"), default=dict)

    class Meta:
        verbose_name = _("peristiwa temuan")
        verbose_name_plural = pgettext_lazy("daftar", "peristiwa temuan")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.finding_id} {self.action}"


#: A person says why in so many letters.
REASON_LENGTH = 500


class AttachmentKind(models.TextChoices):
    PHOTO = "foto", _("Foto")
    PDF = "pdf", _("Berkas PDF")


class FindingAttachment(models.Model):
    """A photo or PDF that a person laid beside an answer. The bytes lie in the photo store under their hash.

    A photo is a `Photo` as those of the forms are: what is shown is the copy. What the sender called the file is not
    kept.
    """

    event = models.ForeignKey(FindingEvent, on_delete=models.CASCADE, related_name="attachments", db_index=False)
    number = models.PositiveSmallIntegerField(_("nomor"))
    kind = models.CharField(_("jenis"), max_length=4, choices=AttachmentKind.choices)
    sha256 = models.CharField(_("sidik berkas"), max_length=64)
    size = models.PositiveIntegerField(_("besar"))

    class Meta:
        verbose_name = _("lampiran temuan")
        verbose_name_plural = pgettext_lazy("daftar", "lampiran temuan")
        ordering = ["event", "number"]
        constraints = [
            models.UniqueConstraint(fields=["event", "number"], name="attachments_of_an_answer_are_numbered"),
            models.UniqueConstraint(fields=["event", "sha256"], name="an_answer_has_a_file_once"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} {self.kind} {self.number}"
