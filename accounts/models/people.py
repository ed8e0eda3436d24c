"""People: a user has a role and the region it is held in."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.phone_numbers import PhoneField, spoken
from regions.models import Level, Region


class Role(models.TextChoices):
    WITNESS = "saksi", _("Saksi TPS")
    DISTRICT_WITNESS = "saksi_ppk", _("Saksi PPK")
    OPERATOR = "operator", _("Operator Kamar Hitung")
    COORDINATOR = "dpc", _("Koordinator DPC")
    PROVINCE_STAFF = "dpd", _("Staf DPD")
    NATIONAL = "dpp", _("DPP")


#: The level of region a role is held in.
ROLE_LEVELS = {
    Role.DISTRICT_WITNESS: Level.DISTRICT,
    Role.OPERATOR: Level.REGENCY,
    Role.COORDINATOR: Level.REGENCY,
    Role.PROVINCE_STAFF: Level.PROVINCE,
    Role.NATIONAL: Level.NATION,
}
#: Roles that see the figures of their region. A witness sees assigned stations
#: only; an operator sees photos, never totals or a witness's figures.
RESULT_ROLES = (Role.COORDINATOR, Role.PROVINCE_STAFF, Role.NATIONAL)
#: Roles whose phone is activated by a link and opened by a PIN.
PHONE_ROLES = (Role.WITNESS, Role.DISTRICT_WITNESS)


class UserQuerySet(models.QuerySet["User"]):
    def current(self) -> UserQuerySet:
        """Keep accounts that are open, and whose time is not over."""
        return self.filter(Q(valid_until=None) | Q(valid_until__gt=timezone.now()), is_active=True)

    def visible_to(self, user: User) -> UserQuerySet:
        """Keep the user, the people of the user's region, and the witnesses who guard a station in it."""
        return self.filter(_one_of("pk", user))


def _one_of(person: str, user: User) -> Q:
    """The condition that ``person`` is somebody `UserQuerySet.visible_to` keeps.

    Both sets are read from the regions down. A condition on ``region__first``
    beside them would join every person of the nation to a region first.
    """
    scope = user.scope
    seen = Q(**{person: user.pk})
    if scope is None:
        return seen
    regions = Region.objects.within(scope).order_by()
    people = regions.filter(people__isnull=False).values("people")
    guards = regions.filter(stations__assignments__witness__isnull=False).values("stations__assignments__witness")
    return seen | Q(**{f"{person}__in": people}) | Q(**{f"{person}__in": guards})


class SistaUserManager(UserManager.from_queryset(UserQuerySet)):
    pass


class User(AbstractUser):
    role = models.CharField(_("peran"), max_length=12, choices=Role.choices, default=Role.WITNESS)
    region = models.ForeignKey(
        Region, verbose_name=_("wilayah"), null=True, blank=True, on_delete=models.PROTECT, related_name="people"
    )
    full_name = models.CharField(_("nama lengkap"), max_length=120, blank=True)
    phone = PhoneField(_("telepon"), max_length=24, blank=True)
    language = models.CharField(
        _("bahasa"), max_length=5, choices=[("id", "Bahasa Indonesia"), ("en", "English")], default="id"
    )

    valid_until = models.DateTimeField(
        _("berlaku sampai"),
        null=True,
        blank=True,
        help_text=_("Untuk pengganti sementara. Sesudah saat itu akun tidak dapat dipakai. Kosong: tanpa batas."),
    )
    #: Which device asks for a code after the password (`accounts.second_factor`); "": none. Here, so that it is read
    #: with the person, at no query of its own.
    second_factor = models.CharField(max_length=60, blank=True, default="", editable=False)

    objects = SistaUserManager()

    class Meta:
        verbose_name = _("pengguna")
        verbose_name_plural = pgettext_lazy("daftar", "pengguna")
        # Who sent this message?
        indexes = [models.Index(fields=["phone"], name="people_by_phone")]
        constraints = [
            models.CheckConstraint(
                condition=Q(role=Role.WITNESS) | Q(region__isnull=False) | Q(is_superuser=True),
                name="every_role_but_a_station_witness_has_a_region",
            )
        ]

    def __str__(self) -> str:
        return self.full_name or self.username

    def clean(self) -> None:
        super().clean()
        level = ROLE_LEVELS.get(Role(self.role)) if self.role in Role.values else None
        if level is not None and self.region is not None and self.region.level != level and not self.is_superuser:
            sentence = _("Peran ini dipegang di tingkat %(level)s. Pilih wilayah tingkat itu.")
            raise ValidationError({"region": sentence % {"level": Level(level).label.lower()}})

    @property
    def spoken_phone(self) -> str:
        return spoken(self.phone)

    @property
    def has_ended(self) -> bool:
        """True from the moment ``valid_until`` on."""
        return self.valid_until is not None and timezone.now() >= self.valid_until

    @property
    def is_current(self) -> bool:
        return self.is_active and not self.has_ended

    @property
    def has_desk(self) -> bool:
        """Sees figures of others: whose password alone must not be enough."""
        return self.is_superuser or self.role in RESULT_ROLES

    @property
    def is_witness(self) -> bool:
        return self.role == Role.WITNESS and not self.is_superuser

    @property
    def scope(self) -> Region | None:
        """The region whose figures this person may see, or None.

        A superuser sees the nation. Operators and witnesses have no scope:
        what they may see goes by assignment and by claim.
        """
        if not self.is_current:
            return None
        if self.is_superuser:
            return self.region or Region.objects.filter(level=Level.NATION).first()
        return self.region if self.role in RESULT_ROLES else None

    @property
    def may_use_pin(self) -> bool:
        """Witnesses only: six digits must never open an account that decides or administers."""
        return self.is_current and self.role in PHONE_ROLES and not (self.is_superuser or self.is_staff)

    @property
    def may_guard(self) -> bool:
        """Stand at a TPS, or step in there: a saksi PPK does not, nor whose account has ended."""
        return self.role == Role.WITNESS and self.may_use_pin

    @property
    def may_decide(self) -> bool:
        """Verify, reject and correct: the coordinators and those above, DPP reads only."""
        return self.is_current and (self.is_superuser or self.role in (Role.COORDINATOR, Role.PROVINCE_STAFF))

    @property
    def may_type(self) -> bool:
        """Type figures in the count room: an operator of the kabupaten."""
        return self.is_current and self.role == Role.OPERATOR


class RefusalQuerySet(models.QuerySet["Refusal"]):
    def visible_to(self, user: User) -> RefusalQuerySet:
        """Keep what was refused to the people `UserQuerySet.visible_to` keeps."""
        return self.filter(_one_of("user", user))


class Refusal(models.Model):
    """A signed-in person asked for something that is not theirs (or not there)."""

    at = models.DateTimeField(_("pada"), auto_now_add=True, db_index=True)
    user = models.ForeignKey(User, verbose_name=_("pengguna"), on_delete=models.CASCADE, related_name="refusals")
    method = models.CharField(_("cara"), max_length=8)
    path = models.CharField(_("alamat"), max_length=300)
    status = models.PositiveSmallIntegerField(_("jawaban"))

    objects = RefusalQuerySet.as_manager()

    class Meta:
        verbose_name = _("akses ditolak")
        verbose_name_plural = pgettext_lazy("daftar", "akses ditolak")
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.user_id} {self.status} {self.path}"
