"""A change of many leads as one statement: the leads, what they were, timeline and events.

No statement joins leads with what is known of them. Before a table's first ANALYZE, and under the
policies of row-level security, which name the workspace once more, the planner takes a workspace
for a lead or two, and goes through all of them for each one of the batch: 140 seconds for 2,000 of
20,000. With lists that are known when it plans, its worst plan looks at each lead once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from cursive.lib import tenancy

from .registry import Batch, Outcome

NOTHING = "ARRAY[]::text[]"

APPLY = """
WITH batch AS (
    SELECT l.id, {was} AS was, {said} AS said, {wants} AS wants, {fails} AS fails
    FROM leads_lead l
    WHERE l.workspace_id = %(workspace)s AND l.id = ANY(%(ids)s) AND l.deleted_at IS NULL
), changed AS (
    SELECT id, was, said FROM batch WHERE wants AND NOT fails
), done AS (
    -- The same leads: the caller has locked them, and so they are as the batch has them.
    UPDATE leads_lead l SET {assign}
    WHERE l.workspace_id = %(workspace)s AND l.id = ANY(%(ids)s) AND l.deleted_at IS NULL
        AND ({wants}) AND NOT ({fails})
    RETURNING 1
), kept AS (
    INSERT INTO leads_bulkchange (workspace_id, run_id, lead_id, was)
    SELECT %(workspace)s, %(run)s, id, was FROM changed
), failed AS (
    INSERT INTO leads_bulkfailure (id, workspace_id, run_id, lead_id, reason)
    SELECT gen_random_uuid(), %(workspace)s, %(run)s, id, %(reason)s FROM batch
    WHERE wants AND fails RETURNING 1
), {told}
SELECT (SELECT count(*) FROM done), (SELECT count(*) FROM failed)
"""

REVERT = """
WITH before AS MATERIALIZED (
    SELECT jsonb_object_agg(c.lead_id, c.was) AS was FROM leads_bulkchange c
    WHERE c.workspace_id = %(workspace)s AND c.run_id = %(run)s AND c.lead_id = ANY(%(ids)s)
), changed AS (
    UPDATE leads_lead l SET {assign}
    WHERE l.workspace_id = %(workspace)s AND l.id = ANY(%(ids)s)
        AND jsonb_exists((SELECT was FROM before), l.id::text) AND {still}
    RETURNING l.id, {said} AS said
), {told}
SELECT count(*) FROM changed
"""

# What a lead was, in REVERT: one look into one document, which is made once.
WAS = "(ARRAY(SELECT jsonb_array_elements_text((SELECT was FROM before) -> l.id::text)))"

TOLD = """told AS (
    INSERT INTO leads_leadactivity
        (id, workspace_id, lead_id, kind, text, actor_label, created_at)
    SELECT gen_random_uuid(), %(workspace)s, id, %(kind)s, left(said, 500), %(who)s, %(now)s
    FROM changed
)"""
SENT = """, sent AS (
    INSERT INTO cursive_event (id, workspace_id, type, payload, created_at)
    SELECT gen_random_uuid(), %(workspace)s, 'lead.updated',
        jsonb_build_object('lead', id, 'changed', %(fields)s), %(now)s
    FROM changed
)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One kind of change, in SQL over the lead `l`; its own values are named parameters.

    There and back: `was` is what is kept (text[]), `b.was` the same when it is taken back.
    `fields` are those that `lead.updated` names; none, and no event is written.
    """

    kind: str
    fields: Sequence[str]
    assign: str
    wants: str
    was: str
    said: str
    back: str
    still: str
    said_back: str
    fails: str = "false"
    reason: str = ""

    def apply(self, batch: Batch, **values: Any) -> Outcome:
        """Change those of the batch that want it; who fails is written down."""
        statement = APPLY.format(
            was=self.was,
            said=self.said,
            wants=self.wants,
            fails=self.fails,
            assign=self.assign,
            told=self._told(),
        )
        changed, failed = self._run(statement, batch, {**values, "reason": self.reason})
        return Outcome(changed, failed)

    def revert(self, batch: Batch, **values: Any) -> int:
        """Take it back for those that still are as this change left them."""
        parts = {"assign": self.back, "still": self.still, "said": self.said_back}
        looked_up = {name: sql.replace("b.was", WAS) for name, sql in parts.items()}
        statement = REVERT.format(**looked_up, told=self._told())
        (changed,) = self._run(statement, batch, values)
        return int(changed)

    def _told(self) -> str:
        return TOLD + (SENT if self.fields else "")

    def _run(self, statement: str, batch: Batch, values: Mapping[str, Any]) -> tuple[int, ...]:
        own: dict[str, Any] = {
            "workspace": batch.workspace_id,
            "run": batch.run.id,
            "ids": list(batch.ids),
            "now": batch.now,
            "kind": self.kind,
            "who": batch.actor.label[:200],
            "fields": Jsonb(sorted(self.fields)),
        }
        with tenancy.connection().cursor() as cursor:
            cursor.execute(statement, {**own, **values})
            row: tuple[int, ...] = cursor.fetchone()
        return row
