"""Claims about the thresholds of an election: what is named departs, what is not named is as measured."""

import json
from decimal import Decimal

import pytest

from analytics import rule_settings
from analytics.admin import ElectionRulesForm
from analytics.models import ElectionRules
from analytics.projecting.settings import ProjectionSettings
from analytics.rules.settings import RuleSettings


def test_an_election_without_departures_has_what_was_measured(play):
    assert rule_settings.rules_of(play.election) == RuleSettings()
    assert rule_settings.projection_of(play.election) == ProjectionSettings()


def test_what_is_named_departs_in_its_own_kind(play):
    ElectionRules.objects.create(
        election=play.election, rules={"swing_q": 0.005, "margin_share": "0.2", "sum_high": 5}
    )
    rules = rule_settings.rules_of(play.election)
    assert (rules.swing_q, rules.margin_share, rules.sum_high) == (0.005, Decimal("0.2"), 5)
    assert rules.versions == RuleSettings().versions


@pytest.mark.parametrize("wrong", [{"swing": 1}, {"swing_q": "banyak"}, {"swing_q": True}, {"slip_shares": {}}, [1]])
def test_the_admin_refuses_what_no_rule_knows(play, wrong):
    data = {"election": play.election.pk, "most_open": 30, "projection": "{}"}
    form = ElectionRulesForm(data | {"rules": json.dumps(wrong)})
    assert not form.is_valid()
    assert "rules" in form.errors
