"""Migration operations for tables under row-level security."""

from django.db import migrations

CREATE_APP_WORKSPACE = """
CREATE OR REPLACE FUNCTION app_workspace() RETURNS uuid
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    value text := current_setting('app.workspace', true);
BEGIN
    -- After a commit the setting is '', before its first use NULL: both mean 'not set'.
    IF value IS NULL OR value = '' THEN
        RAISE EXCEPTION 'no workspace is set' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN value::uuid;
END $$;
"""


class CreateWorkspaceFunction(migrations.RunSQL):
    """The function that every policy asks; it raises where no workspace is set (X-1)."""

    def __init__(self) -> None:
        super().__init__(CREATE_APP_WORKSPACE, "DROP FUNCTION app_workspace();")

    def deconstruct(self) -> tuple[str, list, dict]:
        """How a migration file writes it."""
        return (self.__class__.__name__, [], {})


class ProtectTable(migrations.RunSQL):
    """Enable and force row-level security with the one policy (X-1).

    The sub-select makes PostgreSQL ask the function once a statement, not once a row.
    """

    def __init__(self, table: str, column: str = "workspace_id") -> None:
        self.table, self.column = table, column
        super().__init__(
            f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY;'
            f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY;'
            f'CREATE POLICY workspace ON "{table}"'
            f" USING ({column} = (SELECT app_workspace()))"
            f" WITH CHECK ({column} = (SELECT app_workspace()));",
            f'DROP POLICY workspace ON "{table}";'
            f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY;'
            f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY;',
        )

    def deconstruct(self) -> tuple[str, list, dict]:
        """How a migration file writes it."""
        return (self.__class__.__name__, [self.table, self.column], {})


class AppendOnly(migrations.RunSQL):
    """Let the database refuse UPDATE and DELETE of a table's rows, whoever asks (C-2, A-7).

    TRUNCATE stays with the owner, and erasing a whole workspace or subject is the owner's too:
    both go through `session_replication_role` or the partition's drop, never through the app.
    """

    def __init__(self, table: str) -> None:
        self.table = table
        super().__init__(
            f"""
            CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON "{table}"
            FOR EACH ROW EXECUTE FUNCTION refuse_change();
            """,
            f'DROP TRIGGER append_only ON "{table}";',
        )

    def deconstruct(self) -> tuple[str, list, dict]:
        """How a migration file writes it."""
        return (self.__class__.__name__, [self.table], {})


class CreateRefuseChangeFunction(migrations.RunSQL):
    """The trigger function behind `AppendOnly`."""

    def __init__(self) -> None:
        super().__init__(
            """
            CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION '% of % is refused: its rows are never changed', TG_OP,
                    TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
            END $$;
            """,
            "DROP FUNCTION refuse_change();",
        )

    def deconstruct(self) -> tuple[str, list, dict]:
        """How a migration file writes it."""
        return (self.__class__.__name__, [], {})
