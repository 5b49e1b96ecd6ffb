"""P-2, P-3: foreign files are taken, refused or said to be no table; nothing is left over."""

import csv
import io
from datetime import timedelta

from django.utils import timezone

from cursive.lib.errors import DomainError
from cursive.lib.tenancy import system_context, tenant_context
from marketplace.listings.models import ListingPerson
from partners.submissions import validating
from partners.submissions.models import Submission
from partners.submissions.tasks import remove_expired
from tests.foreign import DATA, needs_foreign_files
from tests.leads.imports.test_bad_input import hostile
from tests.partners.submissions.handing import (
    again,
    counts,
    hand_in,
    listings,
    on_sale,
    people,
    rejects,
    row,
    validated,
)


@needs_foreign_files
def test_contacts_of_the_shared_data(petra, monkeypatch):
    """Every row is a draft, a duplicate or invalid, and each of the latter is in the rejects."""
    monkeypatch.setattr(validating, "LEAST_VALID", 1)
    taken = 0
    for path in sorted((DATA / "contacts").rglob("*.csv")):
        if path.stat().st_size > 150_000 or "expected" in str(path):
            continue
        try:
            found = validated(petra, path.read_bytes(), name=path.name)
        except DomainError as error:
            assert error.message.endswith("."), path
            continue
        assert found.status in {"ready", "refused"}, (path, found.refusal)
        assert found.valid + found.duplicates + found.invalid == found.rows, path
        if found.status == "ready":
            taken += 1
            drafts = [each for each in listings(found) if each.status == "draft"]
            assert len(drafts) == found.valid, path
        assert len(rejects(petra, found)) == found.duplicates + found.invalid, path
    assert taken >= 4


@needs_foreign_files
def test_hostile_cells_are_harmless_in_the_rejects(petra):
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["First", "Last", "Company", "Mail"])
    for at, text in enumerate(hostile()):
        writer.writerow([text, text, text, f"p{at}@fine.example" if at % 2 else "nobody"])
    found = validated(petra, out.getvalue().encode("utf-8", "replace"))
    assert found.valid >= 50
    told = rejects(petra, found)
    assert len(told) == found.rows - found.valid
    for line in told:
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in line)


def age(found: Submission) -> None:
    with system_context():
        Submission.objects.filter(id=found.id).update(
            created_at=timezone.now() - timedelta(days=31)
        )


def test_after_thirty_days_rows_are_forgotten_and_what_nobody_submits_is_closed(petra, files):
    sold = on_sale(petra, people(50) + row(60, mail="x@dead.example") + row(61, mail="nowhere"))
    never = validated(petra, people(50, 100))
    unmapped = hand_in(petra, people(50, 200))
    fresh = validated(petra, people(50, 300))
    with tenant_context(petra.id):
        Submission.objects.filter(id=unmapped.id).update(status="draft")
    assert remove_expired() == 0
    for found in (sold, never, unmapped):
        age(found)
    assert remove_expired() == 3 and remove_expired() == 0
    statuses = [again(petra, found).status for found in (sold, never, unmapped, fresh)]
    assert statuses == ["approved", "closed", "closed", "ready"]
    assert {each.status for each in listings(sold)} == {"listed"} and len(listings(sold)) == 50
    assert listings(never) == [] and len(listings(fresh)) == 50
    with system_context():
        assert ListingPerson.objects.count() == 100
    assert "samples" not in again(petra, sold).plan
    assert not [path for path in files.rglob("left-out-*") if str(sold.job_id) in str(path)]
    assert counts(validated(petra, people(60, 100))) == {"rows": 60, "valid": 60}
