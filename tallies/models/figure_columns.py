"""The columns of a C1 besides the pairs, in the order of the paper."""

from __future__ import annotations

from functools import reduce
from operator import and_

from django.db import models
from django.db.models import Q

from tallies.figures import FULL_FIELDS, MAX_FIGURE


def _figure() -> models.PositiveSmallIntegerField:
    """One box row of the form. NULL is blank, which is not zero."""
    return models.PositiveSmallIntegerField(null=True)


def bounded_figures() -> Q:
    """Every figure is blank or has at most four digits."""
    return reduce(and_, (Q(**{name: None}) | Q(**{f"{name}__range": (0, MAX_FIGURE)}) for name in FULL_FIELDS))


class FigureColumns(models.Model):
    """``registered_*`` is I.A data pemilih, ``voters_*`` I.B pengguna hak pilih."""

    # I.A
    registered_dpt_male = _figure()
    registered_dpt_female = _figure()
    registered_dpt = _figure()
    registered_dpph_male = _figure()
    registered_dpph_female = _figure()
    registered_dpph = _figure()
    registered_dptb_male = _figure()
    registered_dptb_female = _figure()
    registered_dptb = _figure()
    registered_total_male = _figure()
    registered_total_female = _figure()
    registered_total = _figure()
    # I.B
    voters_dpt_male = _figure()
    voters_dpt_female = _figure()
    voters_dpt = _figure()
    voters_dpph_male = _figure()
    voters_dpph_female = _figure()
    voters_dpph = _figure()
    voters_dptb_male = _figure()
    voters_dptb_female = _figure()
    voters_dptb = _figure()
    voters_total_male = _figure()
    voters_total_female = _figure()
    voters_total = _figure()
    # II
    ballots_received = _figure()
    ballots_used = _figure()
    ballots_spoiled = _figure()
    ballots_unused = _figure()
    # III
    disabled_voters_male = _figure()
    disabled_voters_female = _figure()
    disabled_voters = _figure()
    # V
    valid_votes = _figure()
    invalid_votes = _figure()
    total_votes = _figure()

    class Meta:
        abstract = True
        constraints = [models.CheckConstraint(condition=bounded_figures(), name="figures_have_at_most_four_digits")]
