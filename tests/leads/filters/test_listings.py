"""M-2: the language over what is on sale."""

import pytest

from leads.filters.document import parse
from leads.filters.errors import FilterError
from tests.leads.filters.test_document import one, root


@pytest.mark.parametrize("cents", [0, 5, 9, 501, 0.5, "abc", "1.00", True])
def test_a_price_out_of_range_is_no_filter(cents):
    """M-2: $0.10 to $5.00, in whole cents."""
    with pytest.raises(FilterError) as caught:
        parse(root(one("price_cents", "lte", cents)), scope="listings")
    assert list(caught.value.fields) == ["all[0].value"]


@pytest.mark.parametrize(
    ("field", "scope", "where"),
    [
        ("status", "catalogue", "the lead list"),
        ("naics", "listings", "the catalogue and the lead list"),
        ("verification_status", "catalogue", "the lead list and the marketplace"),
        ("price_cents", "leads", "the marketplace"),
    ],
)
def test_a_field_of_elsewhere_is_told_from_none(field, scope, where):
    with pytest.raises(FilterError) as caught:
        parse(root(one(field, "is_set")), scope=scope)
    said = f'The field "{field}" exists only in {where}.'
    assert caught.value.fields == {"all[0].field": said}
