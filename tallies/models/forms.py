"""C1 forms, their votes and photos: rows that are added and never changed."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tallies.figures import FULL_FIELDS, MAX_FIGURE, Figures, vote_field
from tallies.models.elections import Contest, Pair
from tallies.models.figure_columns import FigureColumns
from tallies.models.stations import Assignment, PollingStation


class Channel(models.TextChoices):
    PAGE = "halaman", _("Halaman web")
    API = "ponsel", _("Aplikasi ponsel")
    SMS = "sms", _("Pesan singkat (SMS)")
    COUNT_ROOM = "kamar_hitung", _("Kamar Hitung")
    CORRECTION = "perbaikan", _("Perbaikan koordinator")
    MOVE = "dipindahkan", _("Dipindahkan dari TPS lain")
    REPLAY = "putar_ulang", _("Putar ulang")
    SIMULATION = "simulasi", _("Simulasi")
    IMPORT = "impor", _("Impor berkas")


class PhotoSubject(models.TextChoices):
    """What a photo of a form shows: a page of the C1, or of C.Kejadian Khusus dan/atau Keberatan."""

    C1 = "c1", _("Halaman C1")
    OBJECTION = "keberatan", _("Keberatan")


RECEIPT_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def receipt_code(uuid: UUID) -> str:
    """Short code to read out, e.g. "K7-4Q2M": 30 bits of the uuid, Crockford's alphabet."""
    number = uuid.int & (2**30 - 1)
    letters = "".join(RECEIPT_ALPHABET[(number >> shift) & 31] for shift in range(25, -1, -5))
    return f"{letters[:2]}-{letters[2:]}"


class UuidEnd(models.Func):
    """The last seven hexadecimal digits of a uuid, as stored: of the bits of a receipt those that fill whole digits.

    Written with the number in it, not as a parameter: SQLite looks into an index only for the very same expression.
    """

    output_field = models.CharField(max_length=7)
    template = "RIGHT(%(expressions)s::text, 7)"

    def as_sqlite(self, compiler, connection, **extra):
        return self.as_sql(compiler, connection, template="SUBSTR(%(expressions)s, -7)", **extra)


def number_of_receipt(text: str) -> int | None:
    """The 30 bits of a receipt code, however it was typed; None for what is none. O is 0, I and L are 1."""
    letters = text.upper().replace("-", "").replace(" ", "").translate(str.maketrans("OIL", "011"))
    if len(letters) != 6 or any(letter not in RECEIPT_ALPHABET for letter in letters):
        return None
    number = 0
    for letter in letters:
        number = number << 5 | RECEIPT_ALPHABET.index(letter)
    return number


class C1FormQuerySet(models.QuerySet["C1Form"]):
    def with_receipt(self, text: str) -> C1FormQuerySet:
        """Keep the forms whose receipt code ``text`` is; chance may make it two."""
        number = number_of_receipt(text)
        if number is None:
            return self.none()
        found = self.alias(end=UuidEnd("uuid")).filter(end=f"{number & (2**28 - 1):07x}")
        return self.filter(pk__in=[one.pk for one in found.only("uuid") if one.uuid.int & (2**30 - 1) == number])

    def visible_to(self, user) -> C1FormQuerySet:
        """Keep the forms of the user's region; a witness sees the own ones only.

        An own form is seen while the assignment lasts: a revoked witness loses
        the station, not only the right to write.
        """
        scope = user.scope
        if scope is None:
            active = Assignment.objects.active().filter(station=OuterRef("station"), witness=user)
            return self.filter(Exists(active), submitted_by=user)
        return self.filter(station__region__first__range=(scope.first, scope.last))


class C1Form(FigureColumns):
    """One version of one station's C1. Append-only: a trigger refuses change.

    ``uuid`` is made by the sender and is the key of idempotency;
    ``content_hash`` tells a repeated form from another one under the same key.
    ``filled_at`` is the phone's clock as claimed, ``received_at`` ours.
    """

    uuid = models.UUIDField(unique=True)
    # Always asked for with the station, which has an index.
    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="forms", db_index=False)
    station = models.ForeignKey(PollingStation, on_delete=models.CASCADE, related_name="forms")
    supersedes = models.ForeignKey(
        "self", null=True, on_delete=models.RESTRICT, related_name="superseded_by", db_index=False
    )
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="forms")
    channel = models.CharField(max_length=12, choices=Channel.choices)
    content_hash = models.CharField(max_length=64)
    filled_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    # Written, or the sum of the pairs where the box is blank; kept here because
    # the row never changes and totals add it up a million times.
    effective_valid = models.PositiveIntegerField(null=True)
    checks = models.JSONField(default=list)
    confirmed = models.JSONField(default=list)
    objection = models.BooleanField(null=True)
    note = models.CharField(max_length=500, blank=True)

    objects = C1FormQuerySet.as_manager()

    class Meta(FigureColumns.Meta):
        abstract = False
        verbose_name = _("formulir C1")
        verbose_name_plural = pgettext_lazy("daftar", "formulir C1")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["supersedes"], name="forms_superseded", condition=Q(supersedes__isnull=False)),
            # Whose receipt is this? Read out over a telephone, it is the end of the uuid.
            models.Index(UuidEnd("uuid"), name="forms_by_receipt"),
        ]

    def __str__(self) -> str:
        return f"C1 {self.uuid}"

    @property
    def receipt(self) -> str:
        return receipt_code(self.uuid)

    @property
    def figures(self) -> Figures:
        """The figures as plain values. Reads ``votes``; prefetch for lists."""
        votes = {vote.pair.number: vote.votes for vote in self.votes.all()}
        return Figures(votes=votes, values={name: getattr(self, name) for name in FULL_FIELDS})


class VoteQuerySet(models.QuerySet["Vote"]):
    def with_pair(self) -> VoteQuerySet:
        return self.select_related("pair")


class Vote(models.Model):
    """Votes of one pair on one form; NULL is a blank box. A trigger refuses a pair of another contest."""

    form = models.ForeignKey(C1Form, on_delete=models.CASCADE, related_name="votes", db_index=False)
    # Nobody asks for the votes of a pair over all forms: that is what totals are for.
    pair = models.ForeignKey(Pair, on_delete=models.RESTRICT, related_name="votes", db_index=False)
    votes = models.PositiveSmallIntegerField(null=True)

    objects = VoteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["form", "pair"], name="one_vote_row_a_form_and_pair"),
            models.CheckConstraint(
                condition=Q(votes=None) | Q(votes__gte=0, votes__lte=MAX_FIGURE),
                name="votes_have_at_most_four_digits",
            ),
        ]

    def __str__(self) -> str:
        return f"{vote_field(self.pair_id)}={self.votes}"


class FormPhoto(models.Model):
    """A form names a photo by its SHA-256; the picture may arrive later."""

    form = models.ForeignKey(C1Form, on_delete=models.CASCADE, related_name="photo_names", db_index=False)
    sha256 = models.CharField(max_length=64, db_index=True)
    page = models.PositiveSmallIntegerField()
    subject = models.CharField(max_length=9, choices=PhotoSubject.choices, default=PhotoSubject.C1)

    class Meta:
        # The pages of the C1 before those of the objection.
        ordering = ["subject", "page", "id"]
        constraints = [models.UniqueConstraint(fields=["form", "sha256"], name="a_form_names_a_photo_once")]

    def __str__(self) -> str:
        return f"{self.form_id}/{self.page}"


class PhotoState(models.TextChoices):
    RECEIVED = "diterima", _("Diterima")
    READY = "siap", _("Siap")
    UNREADABLE = "rusak", _("Tidak terbaca")


class Photo(models.Model):
    """A photo that arrived, by the hash of its bytes. The original stays private.

    ``facts`` holds what EXIF says (time, place, device); it is evidence, and
    never part of the copy that is shown.
    """

    sha256 = models.CharField(max_length=64, primary_key=True)
    size = models.PositiveIntegerField()
    format = models.CharField(max_length=8)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=PhotoState.choices, default=PhotoState.RECEIVED)
    received_at = models.DateTimeField(auto_now_add=True)
    facts = models.JSONField(default=dict)
    # Of the upright copy, 64 hexadecimal digits; empty until it is made.
    picture_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["received_at"], name="photos_to_process", condition=Q(state=PhotoState.RECEIVED)),
            models.Index(fields=["sha256"], name="photos_unreadable", condition=Q(state=PhotoState.UNREADABLE)),
        ]

    def __str__(self) -> str:
        return self.sha256


class PhotoUpload(models.Model):
    """Who brought a photo. Naming a hash shows nobody a picture they did not send."""

    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="uploads")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="photo_uploads")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["photo", "uploaded_by"], name="one_upload_a_photo_and_person")]

    def __str__(self) -> str:
        return f"{self.photo_id} {self.uploaded_by_id}"


class PartialPhoto(models.Model):
    """A photo of which the first ``received`` bytes have come, as objects in the photo store.

    ``pieces`` names them in order, with spaces between; the row is written
    after their bytes. A row is one person's alone: who else sends the same
    photo has another.
    """

    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="partial_photos", db_index=False
    )
    sha256 = models.CharField(max_length=64)
    length = models.PositiveIntegerField()
    received = models.PositiveIntegerField()
    pieces = models.TextField()
    started_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["uploaded_by", "sha256"], name="one_partial_photo_a_person_and_hash"),
            models.CheckConstraint(
                condition=Q(received__gt=0, received__lt=F("length")), name="a_partial_photo_is_not_whole"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sha256} {self.received}/{self.length}"


class QuarantinedFormQuerySet(models.QuerySet["QuarantinedForm"]):
    def visible_to(self, user) -> QuarantinedFormQuerySet:
        """Keep those of the user's region; whoever has none (witness, operator) sees none, the sender neither."""
        scope = user.scope
        if scope is None:
            return self.none()
        return self.filter(station__region__first__range=(scope.first, scope.last))


class QuarantinedForm(models.Model):
    """What a revoked witness's phone still sent. Kept for review, never counted."""

    uuid = models.UUIDField(_("kunci kiriman"), unique=True)
    contest = models.ForeignKey(
        Contest, verbose_name=_("kontes"), on_delete=models.CASCADE, related_name="quarantine"
    )
    station = models.ForeignKey(
        PollingStation, verbose_name=_("TPS"), on_delete=models.CASCADE, related_name="quarantine"
    )
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("dikirim oleh"), on_delete=models.PROTECT, related_name="+"
    )
    received_at = models.DateTimeField(_("diterima pada"), auto_now_add=True)
    content = models.JSONField(_("isi"))

    objects = QuarantinedFormQuerySet.as_manager()

    class Meta:
        verbose_name = _("formulir karantina")
        verbose_name_plural = pgettext_lazy("daftar", "formulir karantina")

    def __str__(self) -> str:
        return str(self.uuid)
