"""L-14: the demo has duplicates to look at, made as a user would make them, and only once."""

import pytest

from analytics.demo import operations
from analytics.demo.operations import make_demo
from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import system_context
from leads.duplicates.models import DuplicateCandidate
from leads.records.models import Lead


@pytest.fixture
def path(db, tmp_path, monkeypatch):
    monkeypatch.setattr(operations, "CATALOGUE_ROWS", 3_000)
    return tmp_path / "demo.json"


def test_the_demo_has_duplicates_once(path):
    for _ in range(2):
        make_demo(say=print, path=path)
        with system_context():
            added = set(Lead.objects.filter(source="api").values_list("id", flat=True))
            pairs = list(DuplicateCandidate.objects.open())
            (search,) = Job.objects.filter(kind="duplicates")
        assert (search.status, len(added)) == ("completed", 4)
        found = [pair for pair in pairs if added & {pair.first_id, pair.second_id}]
        assert len(found) >= 3
        assert any(pair.is_exact and "Same phone" in pair.reasons for pair in found)
        assert any({pair.first_id, pair.second_id} <= added for pair in found)
