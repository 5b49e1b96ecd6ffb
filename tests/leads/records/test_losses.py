"""What a reader of rows says of values that it leaves out (L-18)."""

from collections import Counter

from leads.records.column_names import TARGETS
from leads.records.losses import COUNTRY, EMAIL, OF_FIELD, PHONE, Lost
from leads.records.mapping import MappedColumn, Mapping
from leads.records.reading import PersonReader


def test_what_was_lost_is_noted_with_its_row():
    """For who shows it: the old values of the last call, and only where they are wanted."""
    mapping = Mapping(tuple(MappedColumn(name, name) for name in ("email", "phone", "industry")))
    rows = [
        ["ann@acme.com", "12", "lots"],
        ["bob@acme.com", "", ""],
        ["n/a", "13", ""],
        ["cy@acme.com", "+15125550100", " no  idea "],
    ]
    reader = PersonReader(mapping, notes_lost=True)
    reader.read_all(rows)
    assert sorted(reader.lost) == [
        Lost(0, OF_FIELD["industry"], "lots"),
        Lost(0, PHONE, "12"),
        Lost(3, OF_FIELD["industry"], "no idea"),
    ]
    reader.read_all(rows[1:2])
    assert reader.lost == []
    plain = PersonReader(mapping)
    plain.read_all(rows)
    assert plain.lost == [] and plain.warnings == Counter({OF_FIELD["industry"]: 2, PHONE: 1})


def test_every_field_that_may_be_lost_has_words():
    """None shows its internal name."""
    mapping = Mapping(tuple(MappedColumn(name, name) for name in TARGETS))
    reader = PersonReader(mapping)
    reader.read(["no such thing" for _ in TARGETS])
    assert set(reader.warnings) <= {EMAIL, PHONE, COUNTRY, *OF_FIELD.values()}
    assert not any("_" in sentence or not sentence.endswith(".") for sentence in OF_FIELD.values())
