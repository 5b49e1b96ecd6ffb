"""Registers what accounts offer to the floors above and below."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, workspaces, access, audit."""

    name = "accounts"

    def ready(self) -> None:
        from accounts.audit.operations import record_audit
        from cursive.lib.audit_port import register_recorder
        from cursive.lib.partitions import register_partitioned

        register_recorder(record_audit)
        register_partitioned("accounts_auditentry")
