"""Registers what leads offer to the other floors."""

from django.apps import AppConfig


class LeadsConfig(AppConfig):
    """The catalogue, leads, and what is done with them."""

    name = "leads"

    def ready(self) -> None:
        self._register_jobs()
        self._register_people()
        self._register_actions()
        self._register_pages()

    def _register_jobs(self) -> None:
        from accounts.profiles.registry import register_icp_listener
        from credits.ledger.checks import register_ledger_check
        from cursive.lib.jobs.registry import register_kind
        from leads.bulk.handlers import BulkHandler, BulkUndoHandler
        from leads.duplicates.notes import NotesHook
        from leads.duplicates.registry import register_merge_hook
        from leads.duplicates.search import DuplicateSearchHandler
        from leads.enrichment.checks import CHARGED_IS_DELIVERED
        from leads.enrichment.deliveries import DeliveryHandler
        from leads.enrichment.previews import LookUpHandler
        from leads.exports.operations import ExportHandler
        from leads.imports.previewing import PreviewHandler
        from leads.imports.running import ImportHandler
        from leads.records.meeting import MeetingHandler
        from leads.scoring.operations import ScoringHandler, start_scoring
        from leads.verification.checks import CHARGED_IS_ANSWERED
        from leads.verification.runs import VerificationHandler

        for handler in (
            BulkHandler(),
            BulkUndoHandler(),
            DeliveryHandler(),
            DuplicateSearchHandler(),
            ExportHandler(),
            ImportHandler(),
            LookUpHandler(),
            MeetingHandler(),
            PreviewHandler(),
            ScoringHandler(),
            VerificationHandler(),
        ):
            register_kind(handler)
        register_icp_listener(start_scoring)
        register_merge_hook(NotesHook())
        register_ledger_check("charged enrichment is delivered enrichment", CHARGED_IS_DELIVERED)
        register_ledger_check("charged checks are answered checks", CHARGED_IS_ANSWERED)

    def _register_people(self) -> None:
        from leads.catalogue.suppression import register_suppression
        from leads.suppression.queries import suppressed_people

        register_suppression(suppressed_people)

    def _register_actions(self) -> None:
        from leads.bulk.actions import ACTIONS
        from leads.bulk.registry import register_action
        from leads.bulk.scores import ScoreAgain
        from leads.verification.actions import Verify

        for action in (*ACTIONS, ScoreAgain(), Verify()):
            register_action(action)

    def _register_pages(self) -> None:
        from cursive.lib.ui.navigation import Entry, register

        register(Entry("Leads", "leads:list", icon="users", order=40, shortcut="g l"))
        register(
            Entry(
                "Verification",
                "leads:verification",
                icon="mail-check",
                order=46,
                words="e-mail check valid bounce deliverable",
            )
        )
        register(
            Entry(
                "Enrichment",
                "leads:enrichments",
                icon="wand",
                order=45,
                shortcut="g e",
                words="enrich list csv upload append match fill",
            )
        )
        register(
            Entry(
                "Scoring",
                "leads:scoring",
                icon="chart-bar",
                order=35,
                section="settings",
                words="score points icp ideal customer fit",
                in_sidebar=False,
            )
        )
