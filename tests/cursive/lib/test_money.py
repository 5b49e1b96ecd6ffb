"""C-1: credits are exact, two places, never floats."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cursive.lib.errors import InvalidInput
from cursive.lib.money import credits, round_credits, round_credits_up


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_two_places_stay_exact(amount):
    assert credits(str(amount)) == amount and credits(str(amount)).as_tuple().exponent == -2


@pytest.mark.parametrize("bad", ["", "abc", "1,5", "NaN", "Infinity", "0.001", "1e20", "\u066b"])
def test_what_is_no_amount_is_refused(bad):
    with pytest.raises(InvalidInput):
        credits(bad)


@pytest.mark.parametrize("bad", [1.5, True])
def test_floats_are_a_programming_error(bad):
    with pytest.raises(TypeError):
        credits(bad)


def test_rounding():
    assert round_credits(Decimal("0.125")) == Decimal("0.13")
    assert round_credits_up(Decimal("0.101")) == Decimal("0.11")
    assert round_credits_up(Decimal("0.10")) == Decimal("0.10")
