"""What must be true of enriched lists, as the ledger's nightly proof asks it (C-7)."""

# A delivery charged its people, once and at its price, or the least charge where they are few; it
# counts no more people than were promised, and no more leads say that it brought them.
_CHARGE = """
    CASE WHEN (j.cursor ->> 'people')::numeric > 0
        THEN greatest(
            (j.cursor ->> 'people')::numeric * (j.params ->> 'price')::numeric,
            (j.params ->> 'least')::numeric)
        ELSE 0 END
"""
CHARGED_IS_DELIVERED = f"""
    SELECT j.workspace_id, 'enrichment ' || j.id, {_CHARGE}, coalesce(e.credits, 0)
    FROM cursive_job j
    LEFT JOIN (
        SELECT workspace_id, reference_id, -sum(amount) AS credits FROM credits_entry
        WHERE action = 'batch_enrichment' AND reference_kind = 'job'
        GROUP BY workspace_id, reference_id
    ) e ON e.workspace_id = j.workspace_id AND e.reference_id = j.id::text
    WHERE j.kind = 'enrichment' AND {_CHARGE} <> coalesce(e.credits, 0)
    UNION ALL
    SELECT j.workspace_id, 'people of enrichment ' || j.id,
        (j.params ->> 'new')::numeric, (j.cursor ->> 'people')::numeric
    FROM cursive_job j
    WHERE j.kind = 'enrichment'
        AND (j.cursor ->> 'people')::numeric > (j.params ->> 'new')::numeric
    UNION ALL
    SELECT j.workspace_id, 'leads of enrichment ' || j.id,
        (j.cursor ->> 'leads')::numeric, l.leads
    FROM cursive_job j
    JOIN (
        SELECT workspace_id, job_id, count(*) AS leads FROM leads_lead
        WHERE job_id IS NOT NULL GROUP BY workspace_id, job_id
    ) l ON l.workspace_id = j.workspace_id AND l.job_id = j.id
    WHERE j.kind = 'enrichment' AND l.leads > (j.cursor ->> 'leads')::numeric
"""
