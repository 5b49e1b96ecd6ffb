"""What must be true of pulls, as the ledger's nightly proof asks it (C-7)."""

# Every lead that a pull delivered was charged, once and at the price of that pull; and no lead
# says that a pull brought it which doesn't count it. (Fewer leads may be left: people erase them.)
CHARGED_IS_DELIVERED = """
    SELECT j.workspace_id, 'pull ' || j.id,
        (j.cursor ->> 'delivered')::numeric * (j.params ->> 'price')::numeric,
        coalesce(e.credits, 0)
    FROM cursive_job j
    LEFT JOIN (
        SELECT workspace_id, reference_id, -sum(amount) AS credits FROM credits_entry
        WHERE action = 'pull' AND reference_kind = 'job' GROUP BY workspace_id, reference_id
    ) e ON e.workspace_id = j.workspace_id AND e.reference_id = j.id::text
    WHERE j.kind = 'pull'
        AND (j.cursor ->> 'delivered')::numeric * (j.params ->> 'price')::numeric
            <> coalesce(e.credits, 0)
    UNION ALL
    SELECT j.workspace_id, 'leads of pull ' || j.id,
        (j.cursor ->> 'delivered')::numeric, l.leads
    FROM cursive_job j
    JOIN (
        SELECT workspace_id, job_id, count(*) AS leads FROM leads_lead
        WHERE job_id IS NOT NULL GROUP BY workspace_id, job_id
    ) l ON l.workspace_id = j.workspace_id AND l.job_id = j.id
    WHERE j.kind = 'pull' AND l.leads > (j.cursor ->> 'delivered')::numeric
"""
