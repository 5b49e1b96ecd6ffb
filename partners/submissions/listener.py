"""Takes a suspended partner's leads off sale, and puts them back."""

from uuid import UUID

from partners.program.registry import PartnerListener

from .operations import relist_all_of, withdraw_all_of


class SubmissionListener(PartnerListener):
    """What a partner offers follows what they may."""

    def suspended(self, workspace_id: UUID, reason: str) -> None:
        """Nothing of theirs is on sale."""
        withdraw_all_of(workspace_id, reason)

    def reinstated(self, workspace_id: UUID) -> None:
        """What was taken off sale for it is back."""
        relist_all_of(workspace_id)


SUBMISSIONS = SubmissionListener()
