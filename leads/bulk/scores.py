"""Computing scores again, as a bulk action (L-17)."""

from leads.scoring.operations import score_leads

from .registry import Batch, BulkAction, Outcome


class ScoreAgain(BulkAction):
    """By the rule in force; for who has just changed it and doesn't want to wait for the night."""

    name, label, icon, order = "score", "Score again", "refresh", 70

    def apply(self, batch: Batch) -> Outcome:
        """All of them; those whose score is another one then count as changed."""
        changes = score_leads(workspace_id=batch.workspace_id, ids=batch.ids, cause="bulk")
        return Outcome(changed=len(changes))
