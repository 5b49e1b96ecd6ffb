"""What must be true of verifications, as the ledger's nightly proof asks it (C-7)."""

# What a verification charged is the number of its answers, at the price that it began with.
CHARGED_IS_ANSWERED = """
    SELECT j.workspace_id, 'verification ' || j.id,
        (j.cursor ->> 'charged')::numeric * (j.params ->> 'price')::numeric,
        coalesce(e.credits, 0)
    FROM cursive_job j
    LEFT JOIN (
        SELECT workspace_id, reference_id, -sum(amount) AS credits FROM credits_entry
        WHERE action = 'email_verification' AND reference_kind = 'job'
        GROUP BY workspace_id, reference_id
    ) e ON e.workspace_id = j.workspace_id AND e.reference_id = j.id::text
    WHERE j.kind = 'verification'
        AND (j.cursor ->> 'charged')::numeric * (j.params ->> 'price')::numeric
            <> coalesce(e.credits, 0)
"""
