"""One person's number, however it was typed, is one number."""

import pytest

from accounts.phone_numbers import may_be_answered, normalise, spoken


@pytest.mark.parametrize(
    "given",
    [
        "081234567890",
        "0812-3456-7890",
        "0812 3456 7890",
        "0812.3456.7890",
        "(0812) 3456 7890",
        "6281234567890",
        "+6281234567890",
        "+62 812-3456-7890",
        "+62 (0)812 3456 7890",
        "0062 812 3456 7890",
        "81234567890",
        "  081234567890\n",
        "0812\u20113456\u00a07890",
    ],
)
def test_every_way_to_write_it_is_one_number(given):
    assert normalise(given) == "+6281234567890"
    assert normalise(normalise(given)) == normalise(given)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("+65 9123 4567", "+6591234567"),
        ("0065 9123 4567", "+6591234567"),
        ("6505551212", "6505551212"),
        ("0341-123456", "+62341123456"),
        ("TELKOMSEL", "TELKOMSEL"),
        ("3636", "3636"),
        ("0812345678 / 0813456789", "0812345678 / 0813456789"),
        ("٠٨١٢٣٤٥٦٧٨٩٠", "٠٨١٢٣٤٥٦٧٨٩٠"),
        ("", ""),
    ],
)
def test_foreign_numbers_and_what_is_no_number_are_kept(given, kept):
    assert normalise(given) == kept
    assert normalise(kept) == kept


def test_two_numbers_stay_two():
    assert normalise("081234567890") != normalise("081234567891")


def test_only_a_whole_number_is_answered():
    assert may_be_answered("+6281234567890")
    assert not any(may_be_answered(one) for one in ("TELKOMSEL", "3636", "6505551212", ""))


def test_it_is_read_out_as_people_do():
    assert spoken("+6281234567890") == "0812-3456-7890"
    assert spoken("+628123456789") == "0812-3456-789"
    assert spoken("+6591234567") == "+6591234567"
    assert spoken("") == ""
