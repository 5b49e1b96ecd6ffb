"""X-1, X-2: a new model without isolation fails the tests by itself."""

import pytest
from django.apps import apps
from django.db import connections, models
from django.test.utils import isolate_apps

from cursive.lib.tenancy import TenantModel
from tests.house import rules


def ours() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in rules.APPS]


def tenant_tables() -> list[str]:
    return [
        model._meta.db_table
        for model in ours()
        if rules.has_workspace(model) or model._meta.db_table == "accounts_workspace"
    ]


def test_every_model_with_a_workspace_is_a_tenant_model():
    assert rules.not_tenant_models(ours()) == []


def test_every_tenant_table_has_a_forced_policy(db):
    with connections["owner"].cursor() as cursor:
        assert rules.unprotected(tenant_tables(), cursor) == []


def test_partitions_cannot_be_read_past_their_parent(db):
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'"
            " AND (has_table_privilege('app_user', oid, 'SELECT')"
            " OR has_table_privilege('app_admin', oid, 'SELECT'))"
        )
        assert cursor.fetchall() == []


@isolate_apps("leads")
def test_the_rule_bites_on_a_model_without_the_base():
    class Loose(models.Model):
        workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE)

        class Meta:
            app_label = "leads"

    class Renamed(TenantModel):
        class Meta:
            app_label = "leads"
            abstract = False

    class Right(TenantModel):
        class Meta(TenantModel.Meta):
            app_label = "leads"
            abstract = False

    assert rules.not_tenant_models([Loose, Renamed, Right]) == [
        "leads_loose: has a workspace but is no TenantModel",
        "leads_renamed: Meta doesn't extend TenantModel.Meta",
    ]


@pytest.mark.parametrize(
    ("after", "problem"),
    [
        ("ALTER TABLE bare ENABLE ROW LEVEL SECURITY", "no forced policy"),
        (
            "ALTER TABLE bare ENABLE ROW LEVEL SECURITY;"
            "ALTER TABLE bare FORCE ROW LEVEL SECURITY;"
            "CREATE POLICY workspace ON bare USING (true)",
            "no forced policy",
        ),
        (
            "ALTER TABLE bare ENABLE ROW LEVEL SECURITY;"
            "ALTER TABLE bare FORCE ROW LEVEL SECURITY;"
            "CREATE POLICY workspace ON bare USING (workspace_id = (SELECT app_workspace()))",
            "no index leads with the workspace",
        ),
    ],
)
def test_the_rule_bites_on_a_table_without_policy(db, after, problem):
    with connections["owner"].cursor() as cursor:
        cursor.execute("CREATE TABLE bare (number int PRIMARY KEY, workspace_id uuid)")
        try:
            cursor.execute(after)
            assert problem in rules.unprotected(["bare"], cursor)[0]
        finally:
            cursor.execute("DROP TABLE bare")
