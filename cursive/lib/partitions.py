"""Tables that are partitioned by month (A-7, X-9): made ahead, dropped behind.

Both go through functions that belong to the tables' owner: the application's own roles may not
create or drop anything. A partition can't be read past its parent: the roles have no rights on
it, and through the parent the parent's row-level security holds.
"""

from django.db import connections, migrations

FUNCTIONS = """
CREATE OR REPLACE FUNCTION ensure_month_partitions(parent text, months_ahead int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    month date := date_trunc('month', now() AT TIME ZONE 'UTC')::date;
    child text;
    made int := 0;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_partitioned_table WHERE partrelid = parent::regclass) THEN
        RAISE EXCEPTION '% is not partitioned', parent;
    END IF;
    FOR step IN 0..months_ahead LOOP
        child := format('%s_%s', parent, to_char(month, 'YYYYMM'));
        IF to_regclass(child) IS NULL THEN
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                child, parent,
                month::timestamp AT TIME ZONE 'UTC',
                (month + interval '1 month') AT TIME ZONE 'UTC');
            EXECUTE format('REVOKE ALL ON %I FROM PUBLIC, app_user, app_admin', child);
            made := made + 1;
        END IF;
        month := (month + interval '1 month')::date;
    END LOOP;
    RETURN made;
END $$;
"""
DROP_FUNCTIONS = "DROP FUNCTION ensure_month_partitions(text, int);"

# How long a table's rows are kept is the owner's word, a comment on the table. So the roles that
# may call this can't drop anything of a table that is kept for good, nor any sooner.
DROP_OLD = r"""
CREATE OR REPLACE FUNCTION drop_old_month_partitions(parent text) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    days int := substring(obj_description(parent::regclass, 'pg_class') FROM '^kept (\d+) days$');
    child record;
    dropped int := 0;
BEGIN
    IF days IS NULL THEN
        RAISE EXCEPTION 'nothing says how long % is kept', parent;
    END IF;
    FOR child IN
        SELECT c.oid::regclass AS name,
            substring(pg_get_expr(c.relpartbound, c.oid)
                FROM 'TO \(''(.+)''\)')::timestamptz AS ends
        FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
        WHERE inhparent = parent::regclass
    LOOP
        IF child.ends <= now() - days * interval '1 day' THEN
            EXECUTE format('DROP TABLE %s', child.name);
            dropped := dropped + 1;
        END IF;
    END LOOP;
    RETURN dropped;
END $$;
REVOKE ALL ON FUNCTION drop_old_month_partitions(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION drop_old_month_partitions(text) TO app_admin;
"""
DROP_DROP_OLD = "DROP FUNCTION drop_old_month_partitions(text);"

_tables: list[str] = []
_kept_for_days: list[str] = []


def register_partitioned(table: str, *, drop_behind: bool = False) -> None:
    """Have `table`'s partitions made ahead by the nightly task; its app calls it in ready().

    With `drop_behind` those whose rows are all older than its `KeepDays` are dropped as well.
    """
    if table not in _tables:
        _tables.append(table)
    if drop_behind and table not in _kept_for_days:
        _kept_for_days.append(table)


def ensure_partitions(months_ahead: int = 3) -> int:
    """Make the partitions of this month and the next ones; returns how many were missing."""
    made = 0
    with connections["admin"].cursor() as cursor:
        for table in _tables:
            cursor.execute("SELECT ensure_month_partitions(%s, %s)", [table, months_ahead])
            made += cursor.fetchone()[0]
    return made


def drop_old_partitions() -> int:
    """Drop the partitions that nobody keeps any more; returns how many."""
    dropped = 0
    with connections["admin"].cursor() as cursor:
        for table in _kept_for_days:
            cursor.execute("SELECT drop_old_month_partitions(%s)", [table])
            dropped += cursor.fetchone()[0]
    return dropped


class CreatePartitionFunctions(migrations.RunSQL):
    """The owner's functions behind this module."""

    def __init__(self) -> None:
        super().__init__(FUNCTIONS, DROP_FUNCTIONS)

    def deconstruct(self) -> tuple[str, list, dict]:
        """How a migration file writes it."""
        return (self.__class__.__name__, [], {})


class PartitionByMonth(migrations.RunSQL):
    """Turn a table that CreateModel has just made into one partitioned by month of `created_at`.

    Comes right after CreateModel, before indexes. The key becomes (id, created_at), which
    PostgreSQL asks for; foreign keys of such a table are declared with db_constraint=False.
    """

    def __init__(self, table: str) -> None:
        self.table = table
        super().__init__(
            f"""
            ALTER TABLE "{table}" RENAME TO "{table}_plain";
            CREATE TABLE "{table}" (
                LIKE "{table}_plain" INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING CONSTRAINTS,
                PRIMARY KEY (id, created_at)
            ) PARTITION BY RANGE (created_at);
            DROP TABLE "{table}_plain";
            SELECT ensure_month_partitions('{table}', 3);
            """,
            migrations.RunSQL.noop,
        )

    def deconstruct(self) -> tuple[str, list, dict]:
        """How a migration file writes it."""
        return (self.__class__.__name__, [self.table], {})


class CreateDropOldPartitions(migrations.RunSQL):
    """The owner's function behind `drop_old_partitions`."""

    def __init__(self) -> None:
        super().__init__(DROP_OLD, DROP_DROP_OLD)

    def deconstruct(self) -> tuple[str, list, dict]:
        """How a migration file writes it."""
        return (self.__class__.__name__, [], {})


class KeepDays(migrations.RunSQL):
    """Say that rows of a partitioned table are kept so many days, by whole months."""

    def __init__(self, table: str, days: int) -> None:
        self.table, self.days = table, int(days)
        super().__init__(
            f"COMMENT ON TABLE \"{table}\" IS 'kept {self.days} days';",
            f'COMMENT ON TABLE "{table}" IS NULL;',
        )

    def deconstruct(self) -> tuple[str, list, dict]:
        """How a migration file writes it."""
        return (self.__class__.__name__, [self.table, self.days], {})
