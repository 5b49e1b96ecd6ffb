"""Takes a suspended partner's leads off sale, and puts them back."""

from uuid import UUID

from partners.program.registry import PartnerListener

from .changing import relist_all, suspend_all


class SubmissionListener(PartnerListener):
    """What a partner offers follows what they may."""

    def suspended(self, workspace_id: UUID, reason: str) -> None:
        """Nothing of theirs is sold from now on."""
        suspend_all(workspace_id, reason)

    def reinstated(self, workspace_id: UUID) -> None:
        """What was taken off sale for it comes back."""
        relist_all(workspace_id)


SUBMISSIONS = SubmissionListener()
