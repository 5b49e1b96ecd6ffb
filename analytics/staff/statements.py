"""The SQL behind staff's figures: set-based, across workspaces, under the system's role."""

from credits.ledger.totals import SPENT

# What counts for a workspace now, as `credits.plans.queries.current_terms` has it: of its
# subscriptions that stand, the dearest. (workspace_id, code, name, price_cents)
PLAN_NOW = """
SELECT DISTINCT ON (s.workspace_id) s.workspace_id, p.code, p.name, p.price_cents
FROM credits_subscription s JOIN credits_plan p ON p.id = s.plan_id
WHERE s.status = ANY(%(living)s)
  AND (s.cancel_at IS NULL OR s.cancel_at > %(now)s)
  AND (s.past_due_since IS NULL OR s.past_due_since + %(grace)s > %(now)s)
  AND s.period_end + %(grace)s > %(now)s
ORDER BY s.workspace_id, p.price_cents DESC, s.period_start DESC
"""

# Money that came in and stayed, when it came: of plans and calls, and of packages less what was
# given back of them. (workspace_id, at, cents)
MONEY = """
SELECT workspace_id, created_at AS at, cents FROM credits_invoice WHERE state = 'paid'
UNION ALL
SELECT workspace_id, paid_at, cents - refunded_cents FROM credits_creditpurchase
WHERE state IN ('paid', 'refunded')
"""

WORKSPACES_BY_PLAN = f"""
WITH plan_now AS ({PLAN_NOW})
SELECT p.code, p.name, count(w.id), count(w.id) * p.price_cents
FROM credits_plan p
LEFT JOIN (
    SELECT w.id, coalesce(plan_now.code, 'free') AS code
    FROM accounts_workspace w LEFT JOIN plan_now ON plan_now.workspace_id = w.id
    WHERE w.deleted_at IS NULL
) w ON w.code = p.code
GROUP BY p.id ORDER BY p.position, p.price_cents
"""

# What is paid each month at each of the moments, and how that changed from one to the next. A
# workspace that paid nothing before is new, one that pays nothing any more is lost.
RECURRING = """
WITH moment AS (
    SELECT at, position FROM unnest(%(moments)s::timestamptz[]) WITH ORDINALITY AS m (at, position)
),
paying AS (
    SELECT m.position, s.workspace_id, sum(p.price_cents) AS cents
    FROM moment m
    JOIN credits_subscription s ON s.started_at <= m.at
        AND (s.ended_at IS NULL OR s.ended_at > m.at)
        AND (s.cancel_at IS NULL OR s.cancel_at > m.at)
        AND (s.past_due_since IS NULL OR s.past_due_since + %(grace)s > m.at)
        AND (s.status = ANY(%(was_paid)s))
    -- The plan that it had then; its last word is the newest.
    LEFT JOIN LATERAL (
        SELECT plan_id FROM credits_period
        WHERE workspace_id = s.workspace_id AND subscription_id = s.id AND start <= m.at
        ORDER BY start DESC LIMIT 1
    ) period ON true
    JOIN credits_plan p ON p.id = CASE
        WHEN m.position = cardinality(%(moments)s::timestamptz[]) THEN s.plan_id
        ELSE coalesce(period.plan_id, s.plan_id) END
    WHERE p.price_cents > 0
    GROUP BY m.position, s.workspace_id
),
change AS (
    SELECT coalesce(next.position, before.position + 1) AS position,
           coalesce(before.cents, 0) AS had, coalesce(next.cents, 0) AS has
    FROM paying next FULL JOIN paying before
        ON before.workspace_id = next.workspace_id AND before.position = next.position - 1
)
SELECT position,
       count(*) FILTER (WHERE has > 0),
       coalesce(sum(has), 0),
       coalesce(sum(has) FILTER (WHERE had = 0), 0),
       coalesce(sum(had) FILTER (WHERE has = 0), 0),
       coalesce(sum(has - had) FILTER (WHERE has > had AND had > 0), 0),
       coalesce(sum(had - has) FILTER (WHERE has < had AND has > 0), 0)
FROM change WHERE position BETWEEN 2 AND cardinality(%(moments)s::timestamptz[])
GROUP BY position
"""

SPANS = """
unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[])
    WITH ORDINALITY AS span (starts, ends, position)
"""
MONEY_BY_SPAN = f"""
SELECT span.position, sum(money.cents) FROM {SPANS}
JOIN ({MONEY}) money ON money.at >= span.starts AND money.at < span.ends
GROUP BY span.position
"""
OVERAGE_BY_SPAN = f"""
SELECT span.position,
       sum(round(greatest(o.calls - o.included, 0) * o.call_price_usd * 100))
FROM {SPANS}
JOIN credits_overagecharge o ON o.state = 'billed'
    AND o.billed_at >= span.starts AND o.billed_at < span.ends
GROUP BY span.position
"""
NEW_WORKSPACES_BY_SPAN = f"""
SELECT span.position, count(*) FROM {SPANS}
JOIN accounts_workspace w ON w.created_at >= span.starts AND w.created_at < span.ends
GROUP BY span.position
"""

TOP_WORKSPACES = f"""
WITH plan_now AS ({PLAN_NOW}),
money AS (
    SELECT workspace_id, sum(cents) AS cents FROM ({MONEY}) money
    WHERE at >= %(since)s GROUP BY workspace_id
),
spent AS ({SPENT})
SELECT w.id, w.name, coalesce(plan_now.code, 'free'), coalesce(money.cents, 0),
       coalesce(spent.spent, 0)
FROM accounts_workspace w
LEFT JOIN plan_now ON plan_now.workspace_id = w.id
LEFT JOIN money ON money.workspace_id = w.id
LEFT JOIN spent ON spent.workspace_id = w.id
WHERE w.deleted_at IS NULL AND (money.cents > 0 OR spent.spent > 0)
ORDER BY coalesce(money.cents, 0) DESC, coalesce(spent.spent, 0) DESC, w.name, w.id
LIMIT %(limit)s
"""

# One row a user, with what the workspaces that they are in do, and those that they own pay.
USERS = f"""
WITH plan_now AS ({PLAN_NOW}),
money AS (SELECT workspace_id, sum(cents) AS cents FROM ({MONEY}) money GROUP BY workspace_id),
spent AS ({SPENT}),
calls AS (
    SELECT workspace_id, sum(calls) AS calls FROM usage_daily
    WHERE day >= (%(since)s AT TIME ZONE 'UTC')::date GROUP BY workspace_id
),
free AS (SELECT code, price_cents FROM credits_plan WHERE code = 'free'),
belonging AS (
    SELECT m.user_id,
           coalesce(sum(money.cents) FILTER (WHERE m.role = 'owner'), 0) AS revenue,
           coalesce(sum(spent.spent), 0) AS spent,
           coalesce(sum(calls.calls), 0) AS calls,
           (array_agg(coalesce(plan_now.code, free.code)
                ORDER BY coalesce(plan_now.price_cents, free.price_cents) DESC))[1] AS plan
    FROM accounts_membership m
    JOIN accounts_workspace w ON w.id = m.workspace_id AND w.deleted_at IS NULL
    CROSS JOIN free
    LEFT JOIN plan_now ON plan_now.workspace_id = w.id
    LEFT JOIN money ON money.workspace_id = w.id
    LEFT JOIN spent ON spent.workspace_id = w.id
    LEFT JOIN calls ON calls.workspace_id = w.id
    GROUP BY m.user_id
),
found AS (
    SELECT u.id, u.email, u.name, u.is_active, u.is_staff, u.date_joined, u.last_login,
           coalesce(b.plan, '') AS plan, coalesce(b.revenue, 0)::bigint AS revenue,
           coalesce(b.spent, 0) AS spent, coalesce(b.calls, 0)::bigint AS calls
    FROM accounts_user u LEFT JOIN belonging b ON b.user_id = u.id
    WHERE (%(plan)s = '' OR b.plan = %(plan)s)
      AND (%(like)s = '' OR u.email ILIKE %(like)s OR u.name ILIKE %(like)s)
)
"""
WORKSPACES_OF_USERS = f"""
WITH plan_now AS ({PLAN_NOW})
SELECT m.user_id, w.id, w.name, m.role, coalesce(plan_now.code, 'free')
FROM accounts_membership m
JOIN accounts_workspace w ON w.id = m.workspace_id AND w.deleted_at IS NULL
LEFT JOIN plan_now ON plan_now.workspace_id = w.id
WHERE m.user_id = ANY(%(users)s)
ORDER BY w.name, w.id
"""
