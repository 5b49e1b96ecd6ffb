"""What must be true of sales, as the ledger's nightly proof asks it (C-7, M-4)."""

# An order's entry in the ledger, its lines and itself say the same, what went back too; and no
# entry is about an order that isn't there.
CHARGED_IS_DELIVERED = """
    WITH spent AS (
        SELECT workspace_id, reference_id,
            -coalesce(sum(amount) FILTER (WHERE kind = 'spend'), 0) AS credits,
            coalesce(sum(amount) FILTER (WHERE kind = 'refund'), 0) AS back
        FROM credits_entry WHERE action = 'marketplace_lead' AND reference_kind = 'order'
        GROUP BY workspace_id, reference_id
    ), lines AS (
        SELECT workspace_id, order_id, sum(credits) AS credits, count(*) AS leads,
            coalesce(sum(credits) FILTER (WHERE refunded_at IS NOT NULL), 0) AS back
        FROM marketplace_orderline GROUP BY workspace_id, order_id
    ), orders AS (
        SELECT o.workspace_id, o.id, o.credits, o.leads, l.credits AS sold, l.leads AS delivered,
            coalesce(l.back, 0) AS back
        FROM marketplace_order o
        LEFT JOIN lines l ON l.workspace_id = o.workspace_id AND l.order_id = o.id
    )
    SELECT coalesce(o.workspace_id, s.workspace_id), 'order ' || coalesce(o.id::text,
        s.reference_id), coalesce(o.credits, 0), coalesce(s.credits, 0)
    FROM orders o FULL JOIN spent s
        ON s.workspace_id = o.workspace_id AND s.reference_id = o.id::text
    WHERE coalesce(o.credits, 0) <> coalesce(s.credits, 0)
    UNION ALL
    SELECT o.workspace_id, 'lines of order ' || o.id, o.credits, coalesce(o.sold, 0)
    FROM orders o WHERE o.credits <> coalesce(o.sold, 0) OR o.leads <> coalesce(o.delivered, 0)
    UNION ALL
    SELECT o.workspace_id, 'given back of order ' || o.id, o.back, coalesce(s.back, 0)
    FROM orders o LEFT JOIN spent s
        ON s.workspace_id = o.workspace_id AND s.reference_id = o.id::text
    WHERE o.back <> coalesce(s.back, 0)
    UNION ALL
    SELECT o.workspace_id, 'leads of order ' || o.id, o.leads, l.leads
    FROM marketplace_order o
    JOIN (
        SELECT workspace_id, job_id, count(*) AS leads FROM leads_lead
        WHERE source = 'marketplace' GROUP BY workspace_id, job_id
    ) l ON l.workspace_id = o.workspace_id AND l.job_id = o.id
    WHERE l.leads > o.leads
"""

# Every listing was sold exactly as often as buyers were charged for it. What was sold stays in the
# books though its listing may be erased.
CHARGED_IS_SOLD = """
    SELECT l.seller_id, 'listing ' || l.id, coalesce(c.times, 0), l.sold
    FROM marketplace_listing l
    LEFT JOIN (
        SELECT listing_id, count(*) AS times FROM marketplace_orderline GROUP BY listing_id
    ) c ON c.listing_id = l.id
    WHERE l.sold <> coalesce(c.times, 0)
"""
