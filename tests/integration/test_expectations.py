"""Claims about expectations: made from an earlier election, in force one at a time, read place by place."""

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from analytics.expectations import choosing, making, reading
from analytics.expectations.carrying import DEFAULT_SWING, carry, margin, measure, rival_part
from analytics.expectations.earlier_returns import NothingEarlier, earlier_elections
from analytics.expectations.making import NotOurs, make_from_earlier
from analytics.expecting import shares_of_districts
from analytics.models import Expectation, ExpectationEvent, ExpectedShare
from analytics.projecting.returns import Tree, add_up
from analytics.projecting.shrinking import expit, logit
from regions.importing import Row, import_regions
from regions.models import Level
from tallies.models import Office, PollingStation
from tests import earlier, returns_2019
from tests.cast import region


def ours(contest):
    return contest.pairs.get(usungan=True)


@pytest.fixture
def made(play):
    return make_from_earlier(play.malang, earlier.held(play), by=play.dewi)


def stated(expectation, code):
    return ExpectedShare.objects.get(expectation=expectation, region__code=code, station=None)


# Made from an earlier election


def test_a_kecamatan_is_expected_as_it_voted_drawn_a_little_to_its_kabupaten(play, made):
    whole = 420 / 800
    dampit, gedangan = (270 + 200 * whole) / 800, (150 + 200 * whole) / 400
    assert stated(made, "35.07.05").share == pytest.approx(dampit)
    assert stated(made, "35.07.06").share == pytest.approx(gedangan)
    assert stated(made, "35.07").share == pytest.approx(whole)


def test_a_desa_is_drawn_to_its_kecamatan_with_thirty_votes(play, made):
    dampit = stated(made, "35.07.05").share
    assert stated(made, "35.07.05.2001").share == pytest.approx((180 + 30 * dampit) / 430)
    assert stated(made, "35.07.05.1002").share == pytest.approx((90 + 30 * dampit) / 230)


def test_a_tps_is_expected_only_where_the_desa_has_the_same_tps_as_then(play):
    PollingStation.objects.filter(pk=play.stations["pamotan_1"].pk).update(number=2)
    made = make_from_earlier(play.malang, earlier.held(play), by=play.dewi)
    dampit = stated(made, "35.07.05").share
    rows = dict(ExpectedShare.objects.exclude(station=None).values_list("station", "share"))
    assert rows == {
        play.stations["dampit_1"].pk: pytest.approx((120 + 30 * dampit) / 230),
        play.stations["dampit_2"].pk: pytest.approx((60 + 30 * dampit) / 230),
        play.stations["gedangan_1"].pk: pytest.approx((150 + 30 * stated(made, "35.07.06").share) / 230),
    }
    assert (made.fit["stations_matched"], made.fit["stations"]) == (3, 4)


def test_turnout_is_that_of_then(play, made):
    assert stated(made, "35.07.05").turnout == pytest.approx(0.5)
    assert stated(made, "35.07").turnout == pytest.approx(0.5)


def test_before_the_vote_nothing_is_fitted_and_the_stated_spread_is_written_down(play, made):
    fit = made.fit
    assert (fit["slope"], fit["spread_is_default"], fit["measured"]) == (1.0, True, None)
    assert fit["share_spread"] == DEFAULT_SWING == 0.159
    # Of three pairs now the rival keeps all the rest, as then it was alone.
    row = stated(made, "35.07")
    assert row.margin == pytest.approx(2 * row.share - 1)
    assert row.margin_spread == pytest.approx(2 * 0.159)


def test_a_desa_has_no_margin_because_its_swing_was_not_measured(made):
    row = stated(made, "35.07.05.2001")
    assert (row.margin, row.margin_spread) == (None, None)


def test_our_pair_of_then_is_whom_the_party_supported_then(play):
    """In Lamongan number 2, whoever has which number now."""
    made = make_from_earlier(play.lamongan, earlier.held(play), by=play.dewi)
    assert stated(made, "35.24").share == pytest.approx(70 / 200)
    assert {row.pair for row in made.shares.all()} == {ours(play.lamongan)}


def test_another_pair_of_then_can_be_named(play):
    election = earlier.held(play)
    pair = election.contests.get(region__code="35.24").pairs.get(number=1)
    made = make_from_earlier(play.lamongan, election, earlier_pair=pair, by=play.dewi)
    assert stated(made, "35.24").share == pytest.approx(130 / 200)


def test_a_pair_of_another_place_says_nothing(play):
    election = earlier.held(play)
    pair = election.contests.get(region__code="35.07").pairs.get(number=1)
    with pytest.raises(NothingEarlier):
        make_from_earlier(play.lamongan, election, earlier_pair=pair, by=play.dewi)


def test_a_wider_earlier_contest_is_read_in_our_places_only(play):
    both = {**earlier.MALANG, **earlier.LAMONGAN}
    election = earlier.held(play, {"35": both}, slug="pilgub-2013", office=Office.GOVERNOR, ours={"35": 1})
    made = make_from_earlier(play.lamongan, election, by=play.dewi)
    assert stated(made, "35.24").share == pytest.approx(130 / 200)
    assert made.fit["earlier_stations"] == 1
    assert ExpectedShare.objects.filter(region__code__startswith="35.07").count() == 0


def test_without_a_pair_of_ours_then_or_now_nothing_is_made(play):
    election = earlier.held(play, ours={})
    with pytest.raises(NothingEarlier):
        make_from_earlier(play.malang, election, by=play.dewi)
    play.malang.pairs.update(usungan=False)
    with pytest.raises(NotOurs):
        make_from_earlier(play.malang, election, by=play.dewi)
    assert Expectation.objects.count() == 0


def test_a_practice_and_what_was_simulated_are_no_earlier_election(play):
    real = earlier.held(play)
    earlier.held(play, {}, slug="peragaan-2014", is_simulation=True)
    earlier.held(play, {}, slug="latihan-2013", practice_of=play.election)
    earlier.held(play, {}, slug="pilkada-2024", year=2024)
    assert earlier_elections(play.malang) == [real]


def test_three_elections_of_too_few_kabupaten_leave_the_default(play):
    first, second = earlier.held(play, slug="pilkada-2010", year=2010), earlier.held(play)
    made = make_from_earlier(play.malang, second, measured_on=first, by=play.dewi)
    assert (made.fit["spread_is_default"], made.fit["fewest_regencies"]) == (True, 4)


def test_two_elections_that_are_past_tell_slope_and_spread(play):
    """Four kabupaten in which differences between kecamatan halved (in logits) and everything rose."""
    places = wider()
    shares = {code: 0.2 + 0.05 * n + 0.3 * (n % 2) for n, code in enumerate(places)}
    first = earlier.held(play, {"35": at(places, shares)}, slug="pilgub-2008", year=2008,
                         office=Office.GOVERNOR, ours={"35": 1})  # fmt: skip
    halved = {code: expit(np.array(0.5 * logit(np.array(share)) + 0.4)) for code, share in shares.items()}
    second = earlier.held(play, {"35": at(places, halved)}, slug="pilgub-2013", year=2013,
                          office=Office.GOVERNOR, ours={"35": 1})  # fmt: skip
    fit = make_from_earlier(play.malang, second, measured_on=first, by=play.dewi).fit
    assert fit["measured"]["regencies"] == 4
    assert fit["slope"] == fit["measured"]["slope"] == pytest.approx(0.5, abs=0.05)
    assert fit["measured"]["mean"] > 0.05
    assert fit["share_spread"] == fit["measured"]["with_slope"] < fit["measured"]["without"]
    assert (fit["spread_is_default"], fit["measured"]["from"]) == (False, "pilgub-2008")
    # The kecamatan of Malang stand nearer to each other than they did.
    raw = making.draft_from_earlier(play.malang, second).shares
    drawn = making.draft_from_earlier(play.malang, second, measured_on=first).shares
    assert np.ptp(logit(drawn)) == pytest.approx(fit["slope"] * np.ptp(logit(raw)))


def wider():
    """A desa in each of two kecamatan of four kabupaten; two kabupaten are made for it."""
    rows = []
    for kab in ("35.08", "35.09"):
        rows.append(Row(kab, "35", Level.REGENCY, kab))
        for kec in (f"{kab}.01", f"{kab}.02"):
            rows += [Row(kec, kab, Level.DISTRICT, kec), Row(f"{kec}.2001", kec, Level.VILLAGE, "Desa")]
    rows += [Row("35.24.02", "35.24", Level.DISTRICT, "x"), Row("35.24.02.2001", "35.24.02", Level.VILLAGE, "x")]
    import_regions(rows)
    return ["35.07.05.2001", "35.07.06.2001", "35.24.01.2001", "35.24.02.2001"] + [
        f"{kab}.{kec}.2001" for kab in ("35.08", "35.09") for kec in ("01", "02")
    ]


def at(places, shares):
    return {(code, 1): [(ours := round(9000 * float(shares[code]))), 9000 - ours] for code in places}


# In force


def test_a_new_one_takes_the_place_of_the_old_one_which_stays(play, made):
    other = earlier.held(play, slug="pilkada-2010", year=2010, ours={"35.07": 2})
    new = make_from_earlier(play.malang, other, by=play.rina)
    assert list(Expectation.objects.active()) == [new]
    assert Expectation.objects.count() == 2
    assert list(ExpectationEvent.objects.values_list("expectation", "action", "actor__username")) == [
        (made.pk, "dibuat", "dewi"),
        (made.pk, "diganti", "rina"),
        (new.pk, "dibuat", "rina"),
    ]


def test_made_twice_it_is_one(play, made):
    again = make_from_earlier(play.malang, made.earlier, by=play.rina)
    assert again == made
    assert (Expectation.objects.count(), ExpectationEvent.objects.count()) == (1, 1)


def test_the_old_one_can_be_put_in_force_again_and_that_is_recorded(play, made):
    other = earlier.held(play, slug="pilkada-2010", year=2010, ours={"35.07": 2})
    make_from_earlier(play.malang, other, by=play.dewi)
    assert choosing.activate(made, by=play.dewi) is True
    assert choosing.activate(made, by=play.dewi) is False
    assert reading.active_expectation(play.malang) == made
    assert list(made.events.values_list("action", flat=True)) == ["dibuat", "diganti", "diberlakukan"]


def test_two_in_force_are_refused_by_the_database(play, made):
    with pytest.raises(IntegrityError), transaction.atomic():
        Expectation.objects.create(contest=play.malang, method="impor", source="x", stated_on=made.stated_on)


def test_who_made_one_cannot_be_deleted(play, made):
    with pytest.raises(ProtectedError):
        play.dewi.delete()


# Read


def test_the_shares_of_a_level_and_of_some_places(play, made):
    pair = ours(play.malang)
    dampit, gedangan = (region(code).pk for code in ("35.07.05", "35.07.06"))
    of_level = reading.expected_shares(made, pair, level=Level.DISTRICT)
    assert sorted(of_level) == sorted([dampit, gedangan])
    assert reading.expected_shares(made, pair, regions=[gedangan]) == {gedangan: of_level[gedangan]}


def test_what_is_not_stated_of_a_place_is_that_of_the_place_around_it(play, made):
    pair, dampit = ours(play.malang), stated(made, "35.07.05").share
    pamotan, station = region("35.07.05.1002").pk, play.stations["pamotan_1"].pk
    own = reading.expected_shares(made, pair, stations=[station])
    ExpectedShare.objects.filter(station=station).delete()
    of_desa = reading.expected_shares(made, pair, stations=[station])
    ExpectedShare.objects.filter(region=pamotan).delete()
    assert reading.expected_shares(made, pair, stations=[station]) == {station: dampit}
    assert reading.expected_shares(made, pair, regions=[pamotan]) == {pamotan: dampit}
    assert own[station] != dampit
    assert of_desa[station] == pytest.approx((90 + 30 * dampit) / 230)


def test_a_place_outside_the_contest_and_another_pair_are_left_out(play, made):
    elsewhere, station = region("35.24.01").pk, play.stations["babat_1"].pk
    pair = ours(play.malang)
    assert reading.expected_shares(made, pair, regions=[elsewhere]) == {}
    assert reading.expected_shares(made, pair, stations=[station]) == {}
    assert reading.expected_shares(made, play.malang.pairs.get(number=2), level=Level.DISTRICT) == {}


def test_one_thing_is_asked_for_at_a_time(play, made):
    with pytest.raises(ValueError):
        reading.expected_shares(made, 1)
    with pytest.raises(ValueError):
        reading.expected_shares(made, 1, level=3, regions=[1])


def test_a_margin_is_read_with_its_spread_or_not_at_all(play, made):
    row = stated(made, "35.07")
    assert reading.expected_margin(made, play.malang.region) == (row.margin, row.margin_spread)
    assert reading.expected_margin(made, region("35.07.05.2001")) is None
    assert reading.expected_margin(made, region("35.24")) is None


def test_the_projection_gets_p0_by_kecamatan_in_its_own_order(play, made):
    keys = [region(code).pk for code in ("35.07.06", "35.24.01", "35.07.05")]
    found = reading.expected_of_projection(made, ours(play.malang), keys, column=0)
    wanted = [stated(made, "35.07.06").share, np.nan, stated(made, "35.07.05").share]
    assert found.pair == 0
    assert np.isnan(found.logit).tolist() == [False, True, False]
    assert found.logit[[0, 2]] == pytest.approx(logit(np.array(wanted)[[0, 2]]))


def test_the_same_few_statements_whatever_the_number_of_places(play, made, django_assert_num_queries):
    pair, stations = ours(play.malang), [one.pk for one in play.stations.values()]
    with django_assert_num_queries(1):
        reading.expected_shares(made, pair, stations=stations[:1])
    with django_assert_num_queries(1):
        reading.expected_shares(made, pair, stations=stations[:4])
    with django_assert_num_queries(5):
        reading.expected_shares(made, pair, stations=stations)
    with django_assert_num_queries(1):
        reading.district_shares(made, pair, [1, 2, 3])


# The arithmetic


def test_the_strongest_rival_takes_no_less_than_it_did_and_no_less_than_an_even_part():
    assert rival_part([], pairs=3) == 1.0
    assert rival_part([70, 30], pairs=2) == 1.0
    assert rival_part([60, 40], pairs=3) == 0.6
    assert rival_part([30, 30, 40], pairs=3) == 0.5
    assert margin(0.5, 1.0) == 0
    assert margin(0.4, 0.5) == pytest.approx(0.1)


def test_a_slope_below_one_draws_kecamatan_to_the_mean_of_their_kabupaten_and_not_further():
    tree = Tree(np.array([0, 0, 1]), np.array([0, 0]))
    shares, whole = np.array([0.2, 0.8, 0.7]), np.ones(3)
    assert carry(tree, shares, whole, 1.0) == pytest.approx(shares)
    assert carry(tree, shares, whole, 0.0) == pytest.approx([0.5, 0.5, 0.7])
    drawn = carry(tree, shares, whole, 0.5)
    assert drawn == pytest.approx([1 / 3, 2 / 3, 0.7])
    assert np.isnan(carry(tree, np.array([np.nan, 0.8, 0.7]), whole, 0.5)).tolist() == [True, False, False]


@pytest.mark.returns
def test_east_java_2019_to_2024_is_no_uniform_swing():
    """Jokowi 2019, Risma 2024: slope 0.04, 15.9 points round a common move of −35, 38.6 about the earlier share."""
    if not returns_2019.RETURNS.exists() or not returns_2019.LATER.exists():
        pytest.skip("real returns are not here")
    first = returns_2019.read()
    votes = add_up(
        first.tree, district=first.district, registered=first.registered, votes=first.votes,
        seen=np.ones(len(first.district), dtype=bool),
    ).votes  # fmt: skip
    part, whole = returns_2019.governor_2024(first)
    later = np.where(whole > 0, part / np.maximum(whole, 1), np.nan)
    found = measure(first.tree, shares_of_districts(first.tree, votes[0], votes.sum(axis=0)), later, whole)
    assert round(found.spread.fit.slope, 2) == 0.04
    points = [round(100 * one, 1) for one in (found.spread.swing, found.mean, found.without, found.with_slope)]
    assert points == [15.9, -35.2, 38.6, 38.0]
    assert found.spread.swing == pytest.approx(DEFAULT_SWING, abs=5e-4)
    assert found.slope == found.spread.fit.slope
    assert found.regencies == 38


@pytest.mark.django_db
def test_a_draft_writes_nothing(play):
    draft = making.draft_from_earlier(play.malang, earlier.held(play))
    assert (draft.districts_matched, Expectation.objects.count()) == (2, 0)
