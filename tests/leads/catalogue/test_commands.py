"""The three commands, and tombstones in the database (L-4, A-18)."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError

from cursive.lib.tenancy import atomic, system_context, tenant_context
from leads.catalogue import suppression, tombstones
from leads.catalogue.local import local_source
from leads.catalogue.models import CatalogueTombstone
from leads.filters.tree import EVERYBODY
from tests import cast

REASON = CatalogueTombstone.Reason


@pytest.fixture(autouse=True)
def _fresh(db):
    tombstones.forget_kept()
    yield
    tombstones.forget_kept()


def call(capsys, *arguments, **options):
    call_command(*arguments, **options)
    return capsys.readouterr()


def test_from_nothing_to_a_searchable_catalogue(tmp_path, capsys):
    """L-4: generate, load, look, load again, switch back."""
    people = tmp_path / "people.parquet"
    assert "No catalogue" in call(capsys, "catalogue_status").out
    said = call(capsys, "generate_catalogue", rows=800, seed=2, out=people).out
    assert "800 people" in said
    said = call(capsys, "load_catalogue", str(people))
    assert "Version 1: 800 people." in said.out and "Building" in said.err
    assert local_source().count(EVERYBODY).total == 800
    call(capsys, "load_catalogue", str(people), "--replace", "--limit", "300")
    assert local_source().count(EVERYBODY).total == 300
    said = call(capsys, "catalogue_status").out
    assert "* version 2: 300 people" in said and "  version 1: 800 people" in said
    assert "from people.parquet" in said and "ago" in said
    said = call(capsys, "catalogue_status", "--switch", "1").out
    assert "* version 1" in said
    assert local_source().count(EVERYBODY).total == 800


def test_commands_refuse_in_words(tmp_path):
    """What can't be done is said in a sentence, not a traceback."""
    with pytest.raises(CommandError, match="can't be opened"):
        call_command("load_catalogue", str(tmp_path / "absent.csv"))
    (tmp_path / "people.csv").write_text("first_name,email\nAnn,ann@acme.example\n")
    with pytest.raises(CommandError, match="no field"):
        call_command("load_catalogue", str(tmp_path / "people.csv"), "--map", "email=shoe_size")
    with pytest.raises(CommandError, match="no version 9"):
        call_command("catalogue_status", "--switch", "9")
    with pytest.raises(CommandError, match="must end in"):
        call_command("generate_catalogue", "--out", str(tmp_path / "people.xls"))


@pytest.mark.parametrize("content", ["first_name,email\n", "first_name,email\nAnn,\nBob,\n"])
def test_replacing_everybody_by_nobody_is_refused(tmp_path, capsys, content):
    """L-4: searches go on in the version in force, until somebody asks for an empty one."""
    people, nobody = tmp_path / "people.csv", tmp_path / "nobody.csv"
    nobody.write_text(content)
    people.write_text("first_name,email\nAnn,ann@acme.example\n")
    call(capsys, "load_catalogue", str(people))
    rejects = tmp_path / "rejects.csv"
    for _ in range(2):
        with pytest.raises(CommandError, match="--allow-empty") as refusal:
            call(
                capsys,
                "load_catalogue",
                str(nobody),
                "--replace",
                "--reject-file",
                str(rejects),
            )
        assert ("rejects.csv" in str(refusal.value)) == rejects.exists() == ("Bob" in content)
        assert "* version 1: 1 people" in call(capsys, "catalogue_status").out
        assert local_source().count(EVERYBODY).total == 1
    if "Bob" in content:
        call(capsys, "load_catalogue", str(nobody))  # merged, nobody is lost
    else:
        with pytest.raises(CommandError, match="no rows in this file"):
            call(capsys, "load_catalogue", str(nobody))
        assert "* version 1: 1 people" in call(capsys, "catalogue_status").out
    assert local_source().count(EVERYBODY).total == 1
    call(capsys, "load_catalogue", str(nobody), "--replace", "--allow-empty")
    assert local_source().count(EVERYBODY).total == 0


def test_a_load_leaves_out_the_suppressed_and_the_dead(tmp_path, capsys):
    """L-4, A-18: who opted out is gone from searches at once, and from the next version."""
    rows = "".join(f"P{n},p{n}@acme.example\n" for n in range(6))
    (tmp_path / "people.csv").write_text("first_name,email\n" + rows)
    call(capsys, "load_catalogue", str(tmp_path / "people.csv"))
    victim = local_source().preview(EVERYBODY, limit=1)[0]["id"]
    with system_context(), atomic():
        assert tombstones.bury([victim, victim], reason=REASON.OPT_OUT) == 1
    with system_context():
        assert tombstones.bury([victim], reason=REASON.ERASURE) == 0
    workspace, _ = cast.acme()
    with tenant_context(workspace.id):
        assert local_source().count(EVERYBODY).total == 5
        assert local_source().record(victim) is None
    before = list(suppression._providers)
    suppression.register_suppression(
        lambda: lambda contacts: ("p3@acme.example" in emails for emails, _ in contacts)
    )
    try:
        said = call(capsys, "load_catalogue", str(tmp_path / "people.csv"), "--limit", "5").out
    finally:
        suppression._providers[:] = before
    assert "left out 2 as suppressed" in said
    names = {row["first_name"] for row in local_source().preview(EVERYBODY)}
    assert len(names) == 4 and "P3" not in names


def test_a_tombstone_names_a_person_once():
    """The database itself keeps tombstones unique and ids positive."""
    with system_context():
        CatalogueTombstone.objects.create(catalogue_id=7, reason=REASON.STAFF)
        for wrong in (7, 0, -1):
            with pytest.raises(IntegrityError), atomic():
                CatalogueTombstone.objects.create(catalogue_id=wrong, reason=REASON.STAFF)
        assert list(tombstones.current_tombstones()) == [7]
