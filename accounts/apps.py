"""Registers what accounts offer to the floors above and below."""

from django.apps import AppConfig
from django.conf import settings


class AccountsConfig(AppConfig):
    """People, workspaces, access, audit."""

    name = "accounts"
    verbose_name = "People and workspaces"

    def ready(self) -> None:
        from accounts.access import events, schema  # noqa: F401 (they register themselves)
        from accounts.access.events import limit_refused
        from accounts.audit.operations import record_audit
        from cursive.lib.audit_port import register_recorder
        from cursive.lib.limits import register_refusal_listener
        from cursive.lib.partitions import register_partitioned
        from cursive.lib.ui.navigation import Entry, register

        register_recorder(record_audit)
        register_refusal_listener(limit_refused)
        register_partitioned("accounts_auditentry")
        register_partitioned("accounts_securityevent")
        managers, owners = frozenset({"admin", "owner"}), frozenset({"owner"})
        register(
            Entry(
                "Settings",
                "accounts:workspace_settings",
                icon="settings",
                order=10,
                section="settings",
                shortcut="g ,",
                words="workspace name time zone country",
            ),
            Entry(
                "People",
                "accounts:people",
                icon="users-group",
                order=20,
                section="settings",
                words="members invite roles team",
                in_sidebar=False,
            ),
            Entry(
                "Business profile",
                "accounts:profile",
                icon="target-arrow",
                order=30,
                section="settings",
                words="icp ideal customer tone",
                in_sidebar=False,
            ),
            Entry(
                "API keys",
                "accounts:api_keys",
                icon="key",
                order=40,
                section="settings",
                roles=managers,
                words="token bearer",
                in_sidebar=False,
            ),
            Entry(
                "Audit log",
                "accounts:audit_log",
                icon="history",
                order=50,
                section="settings",
                roles=owners,
                words="who did what",
                in_sidebar=False,
            ),
            Entry(
                "Security",
                "accounts:security",
                icon="shield-lock",
                order=55,
                section="settings",
                roles=owners,
                words="security events failed sign-ins lockouts attacks",
                in_sidebar=False,
            ),
            Entry(
                "New workspace",
                "accounts:workspace_new",
                icon="square-rounded-plus",
                order=60,
                section="settings",
                in_sidebar=False,
            ),
        )
        if settings.DEMO:
            register(
                Entry("Mailbox", "accounts:mailbox", icon="mail", order=70, section="settings")
            )
