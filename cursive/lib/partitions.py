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

_tables: list[str] = []


def register_partitioned(table: str) -> None:
    """Have `table`'s partitions made ahead by the nightly task; its app calls it in ready()."""
    if table not in _tables:
        _tables.append(table)


def ensure_partitions(months_ahead: int = 3) -> int:
    """Make the partitions of this month and the next ones; returns how many were missing."""
    made = 0
    with connections["admin"].cursor() as cursor:
        for table in _tables:
            cursor.execute("SELECT ensure_month_partitions(%s, %s)", [table, months_ahead])
            made += cursor.fetchone()[0]
    return made


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
