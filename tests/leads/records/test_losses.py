"""What a reader of rows says of values that it leaves out (L-18)."""

from collections import Counter

from leads.records.column_names import TARGETS
from leads.records.losses import (
    COUNTRY,
    EMAIL,
    LONG_NAME,
    LONGEST,
    OF_FIELD,
    PHONE,
    TOO_LONG,
    TOPICS,
    Lost,
)
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


def test_the_ends_of_texts_that_are_too_long_are_lost_by_name():
    """What isn't kept is said, and nothing where all is kept, however it is written."""
    mapping = Mapping(
        tuple(MappedColumn(name, name) for name in ("email", *LONGEST, "intent_topics"))
    )
    fits = {field: "é" * longest for field, longest in LONGEST.items()}
    # In decomposed letters, with spaces around: twice as long before it is clean.
    wide = {field: "  " + "e\u0301" * longest + "  " for field, longest in LONGEST.items()}
    topics = ";".join(f"topic {n:02}" for n in range(50))
    rows = [
        ["a@x.example", *fits.values(), topics],
        ["b@x.example", *wide.values(), ""],
        ["c@x.example", *(text + "END" for text in fits.values()), f"{topics};zoo;{'y' * 81}"],
    ]
    reader = PersonReader(mapping, notes_lost=True)
    kept = reader.read_all(rows)
    assert kept[0].intent_topics == kept[2].intent_topics
    assert all(getattr(kept[2], field) is not None for field in LONGEST)
    expected = [Lost(2, TOO_LONG[field], "END") for field in LONGEST]
    topics_lost = Lost(2, TOPICS, f"{'y' * 81}; zoo")
    assert sorted(reader.lost) == sorted([*expected, topics_lost])

    names = Mapping((MappedColumn("n", "full_name"), MappedColumn("email", "email")))
    reader = PersonReader(names, notes_lost=True)
    reader.read_all([["Ann " + "b" * 103, "a@x.example"], ["Ann " + "b" * 100, "b@x.example"]])
    assert reader.lost == [Lost(0, LONG_NAME, "bbb")]
