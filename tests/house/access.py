"""Who may go where: every route of Cursive, as one table (X-2).

A route that is not listed fails the tests. `who` is the least that a visitor must be; what each
kind of visitor then gets follows from it. `args` name what the world of the test holds; routes
with them are tried with a stranger's own workspace too, who must get 404 and change nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from django.urls import URLPattern, URLResolver, get_resolver

Who = Literal["public", "signed in", "member", "admin", "owner", "partner", "staff"]
# Roles in the order of what they may; visitors without a workspace stand outside.
RANK = {"member": 0, "admin": 1, "owner": 2}
# Of other people's making: Django admin is tried as a whole, allauth has its own tests.
LIBRARY = ("admin:", "account_", "mfa_")


@dataclass(frozen=True)
class Route:
    """What a request of this route looks like, and what those who may get for it."""

    who: Who
    args: tuple[str, ...] = ()
    method: str = "get"
    data: dict[str, Any] = field(default_factory=dict)
    query: str = ""
    ok: tuple[int, ...] = (200,)
    kwargs: dict[str, Any] = field(default_factory=dict)  # arguments that aren't ids of Acme
    # Keys may not use it at all, or it isn't for the API.
    keys: bool = True


def member(*args: str, **options: Any) -> Route:
    """A route for every member of the workspace."""
    return Route("member", args, **options)


def admin(*args: str, **options: Any) -> Route:
    """A route for admins and owners."""
    return Route("admin", args, **options)


def owner(*args: str, **options: Any) -> Route:
    """A route for owners."""
    return Route("owner", args, **options)


def partner(*args: str, **options: Any) -> Route:
    """A route for workspaces that sell; what is another partner's is a 404."""
    return Route("partner", args, **options)


def staff(**options: Any) -> Route:
    """A route for staff; nobody else learns that it is there."""
    return Route("staff", **options)


def public(**options: Any) -> Route:
    """A route for everybody."""
    return Route("public", **options)


POST = {"method": "post"}
GOES_ON = {"method": "post", "ok": (302,)}

ROUTES: dict[str, Route] = {
    "home": public(ok=(200, 302)),
    "health": public(ok=(200, 503)),  # no worker beats in the tests
    "dashboard": member(),
    "jobs:list": member(),
    "jobs:detail": member("job_id"),
    "jobs:progress": member("job_id"),
    "jobs:cancellation": member("job_id", **GOES_ON),
    "jobs:retry": member("job_id", method="post", ok=(409,)),
    "jobs:events": member("job_id"),
    "leads:list": member(),
    "leads:edit": member("lead_id"),
    "leads:news": member(query="since=2026-01-01T00:00:00Z"),
    "leads:options": member("field", kwargs={"field": "country"}),
    "leads:suggestions": member("field", kwargs={"field": "title"}, query="q=eng"),
    "leads:columns": member(),
    "leads:filter_new": member(),
    "leads:filter": member("filter_id"),
    # Another member's: only admins and owners may.
    "leads:filter_deletion": member("filter_id", method="post", ok=(302, 403)),
    "leads:filter_restore": member("filter_id", method="post", ok=(302, 403, 404)),
    "leads:duplicates": member(),
    "leads:duplicate_search": member(**GOES_ON),
    "leads:duplicate": member("candidate_id"),
    "leads:duplicate_dismissal": member("candidate_id", **POST),
    "leads:duplicate_reopening": member("candidate_id", **GOES_ON),
    "leads:merge": member("merge_id"),
    "leads:merge_undo": member("merge_id", **GOES_ON),
    "leads:trash": member(),
    "leads:detail": member("lead_id"),
    "leads:note_new": member("lead_id", method="post", data={"text": "Hi"}, ok=(302,)),
    # Another member's: only admins and owners may.
    "leads:note_deletion": member("lead_id", "note_id", method="post", ok=(302, 403, 404)),
    "leads:note_restore": member("lead_id", "note_id", method="post", ok=(302, 403, 404)),
    "leads:bulk": member(method="post", data={"action": "approve"}, ok=(400,)),
    "leads:bulk_run": member("run_id"),
    "leads:bulk_failures": member("run_id"),
    "leads:bulk_undo": member("run_id", method="post", ok=(302, 403, 409)),
    "leads:deletion": admin("lead_id", **POST),
    "leads:restore": admin("lead_id", method="post", ok=(404,)),
    "leads:export": member(**POST),
    "leads:export_download": member("job_id", ok=(409,)),
    "api-export-download": member("job_id", ok=(409,)),
    "leads:scoring": member(),
    "leads:score_fit": admin(**GOES_ON),
    "leads:score_fitted": admin(method="post", ok=(404,)),  # none was fitted
    "leads:score_fitted_removal": admin(method="post", ok=(404,)),
    "leads:enrichments": member(),
    "leads:enrichment_mapping": member("list_id"),
    "leads:enrichment_reading": member("list_id", method="post", ok=(302, 400)),
    "leads:enrichment": member("enrichment_id"),
    "leads:enrichment_payment": member("enrichment_id", method="post", ok=(400,)),
    # Whoever has the signed link.
    "leads:enrichment_file": public(args=("token",), kwargs={"token": "x"}, ok=(404,)),
    "api-enrichments": member(),
    "api-enrichment": member("enrichment_id"),
    "api-enrichment-payment": member("enrichment_id", method="post", ok=(409,)),  # not matched
    "api-enrichment-download": member("enrichment_id", ok=(409,)),
    "leads:imports": member(),
    "leads:import_new": member(),
    "leads:import": member("import_id", ok=(302,)),  # its columns come first
    "leads:import_mapping": member("import_id"),
    "leads:import_reading": member("import_id", **GOES_ON),
    "leads:import_confirmation": member("import_id", **GOES_ON),  # to its columns
    "leads:import_rejects": member("import_id", ok=(409,)),
    "leads:import_removal": member("import_id", **GOES_ON),
    "api-imports": member(),
    "api-import": member("import_id"),
    "api-import-confirmation": member("import_id", method="post", ok=(409,)),
    "api-import-rejects": member("import_id", ok=(409,)),
    "leads:verification": member(),
    "leads:verification_start": member(method="post", ok=(400,)),
    "leads:lead_verification": member("lead_id"),
    "api-leads-verify": member(method="post", ok=(400,)),
    "api-verification-summary": member(),
    "api-filter-schema": public(),
    "api-leads": member(),
    "api-lead": member("lead_id"),
    "api-leads-bulk": member(method="post", data={"action": "approve"}, ok=(400,)),
    "api-leads-bulk-run": member("run_id"),
    "api-duplicates": member(),
    "api-duplicate-merge": member("candidate_id", method="post"),
    "api-duplicate-dismissal": member("candidate_id", method="post", ok=(204,)),
    "api-jobs": member(),
    "api-job": member("job_id"),
    "api-job-cancellation": member("job_id", method="post", ok=(202,)),
    # accounts
    "accounts:workspace_settings": member(),
    "accounts:workspace_switch": Route("signed in", ("workspace_id",), "post", ok=(302, 404)),
    "accounts:workspace_new": Route("signed in"),
    "accounts:people": member(),
    "accounts:departure": member(method="post", ok=(302, 409)),
    "accounts:member_role": admin("membership_id", data={"role": "admin"}, **GOES_ON),
    "accounts:member_removal": admin("membership_id", **GOES_ON),
    "accounts:invitation": public(args=("token",), kwargs={"token": "x"}, ok=(400, 404, 410)),
    "accounts:invitation_resend": admin("invitation_id", **GOES_ON),
    "accounts:invitation_revoke": admin("invitation_id", **GOES_ON),
    "accounts:profile": member(ok=(200, 302)),
    "accounts:profile_new": member(),
    "accounts:profile_edit": member("profile_id"),
    "accounts:api_keys": admin(),
    "accounts:api_key_revoke": admin("key_id", **GOES_ON),
    "accounts:audit_log": owner(),
    "accounts:audit_export": owner(**POST),
    "accounts:security": owner(),
    "accounts:security_export": owner(**POST),
    "accounts:mailbox": public(ok=(404,)),  # there is none outside the demo
    "accounts:mail": public(args=("name", "number"), kwargs={"name": "a", "number": 1}, ok=(404,)),
    "api_profiles": member(),
    "api_profile": member("profile_id"),
    # credits
    "credits:overview": member(),
    "credits:balance": member(),
    "credits:export": member(**POST),
    "credits:pricing": public(),
    "credits:plan": member(),
    "credits:plan_checkout": admin(
        method="post",
        data={"plan": "pro", "key": "00000000-0000-7000-8000-000000000001"},
        ok=(503,),  # no Stripe answers in these tests
    ),
    "credits:plan_portal": admin(method="post", ok=(503,)),
    "credits:plan_confirmation": member(ok=(302,)),
    "api-usage-overage": member(),
    "api-credits-balance": member(),
    "api-credits-transactions": member(),
    "api-credits-packages": public(),
    "api-credits-pricing": public(query="credits=100"),
    "credits:buy": admin(),
    "credits:returned": member(ok=(302,)),
    "credits:purchases": member(),
    "credits:purchase": member("purchase_id"),
    "credits:auto_reload": admin(),
    "credits:card_removal": admin(**GOES_ON),
    # There is no Stripe in these tests, not even on this machine.
    "api-credits-checkout": admin(method="post", data={"package": "growth"}, ok=(503,)),
    "api-credits-purchase": admin(method="post", data={"package": "growth"}, ok=(503,)),
    "api-webhooks-stripe": public(method="post", ok=(400,)),  # unsigned
    "credits:usage": member(),
    "credits:usage_export": member(**POST),
    "api-usage-current": member(),
    "api-usage-history": member(),
    "api-usage-endpoints": member(),
    "api-schema": public(),
    "api-docs": public(),
    # analytics
    "api-staff-overview": staff(),
    "api-staff-users": staff(query="sort=-revenue"),
    # marketplace
    "marketplace:listings": member(),
    "marketplace:options": member("field", kwargs={"field": "country"}),
    "marketplace:suggestions": member("field", kwargs={"field": "title"}, query="q=eng"),
    "marketplace:search_new": member(),
    "marketplace:search": member("search_id"),
    # Another member's: only admins and owners may.
    "marketplace:search_deletion": member("search_id", method="post", ok=(302, 403)),
    "marketplace:search_restore": member("search_id", method="post", ok=(302, 403, 404)),
    "api-marketplace": member(),
    "api-marketplace-leads": member(),
    # marketplace: carts, orders
    "marketplace:cart": member(),
    "marketplace:cart_add": member(method="post", ok=(400,)),  # nothing was chosen
    "marketplace:cart_removal": member(**GOES_ON),
    "marketplace:cart_put_back": member(**GOES_ON),
    "marketplace:cart_prices": member(**GOES_ON),
    "marketplace:cart_purchase": member(method="post", ok=(400,)),  # without what was shown
    "marketplace:cart_checkout": admin(),
    "marketplace:cart_paid": member(query="session=x", ok=(404,)),
    "marketplace:orders": member(),
    "marketplace:order": member("order_id"),
    "marketplace:order_receipt": member("order_id"),
    "marketplace:order_file": member("order_id"),
    "marketplace:report": member("line_id"),
    "api-marketplace-purchase": member(method="post", ok=(400,)),
    "api-marketplace-my-leads": member(),
    "api-marketplace-report": member("line_id", method="post", ok=(400,)),
    # There is no Stripe in these tests, not even on this machine.
    "api-marketplace-credits-purchase": admin(method="post", data={"package": "growth"}, ok=(503,)),
    # partners
    "partners:join": public(),
    "partners:submissions": partner(),
    "partners:submission_new": partner(),
    "partners:submission": partner("submission_id", ok=(302,)),  # its columns come first
    "partners:submission_mapping": partner("submission_id"),
    "partners:submission_reading": partner("submission_id", **GOES_ON),
    "partners:submission_review": partner("submission_id", method="post", ok=(409,)),
    "partners:submission_closing": partner("submission_id"),
    "partners:submission_price": partner("submission_id", method="post", ok=(400,)),
    "partners:submission_withdrawal": partner("submission_id"),
    "partners:submission_rejects": partner("submission_id", ok=(409,)),
    "api-partner-upload": partner(method="post", ok=(415,)),
    "api-partner-submissions": partner(),
    "api-partner-submission": partner("submission_id"),
    "api-partner-rejects": partner("submission_id", ok=(409,)),
    "partners:home": partner(),
    "partners:earnings": partner(),
    "partners:earnings_export": partner(**POST),
    "partners:sold": partner(),
    "partners:sold_export": partner(**POST),
    "partners:payouts": partner(),
    "api-partner-earnings": partner(),
    "api-partner-payouts": partner(),
    # segments
    "segments:new": member(),
    "segments:new_pull": member(),
    "segments:new_pull_price": member(),
    "segments:options": member("field", kwargs={"field": "country"}),
    "segments:suggestions": member("field", kwargs={"field": "title"}, query="q=eng"),
    "segments:list": member(),
    "segments:save": member(),
    "segments:detail": member("segment_id"),
    "segments:pull": member("segment_id"),
    "segments:pull_price": member("segment_id"),
    "segments:details": member("segment_id"),
    "segments:filter": member("segment_id", **GOES_ON),
    "segments:count": member("segment_id", **GOES_ON),
    "segments:copy": member("segment_id", **GOES_ON),
    "segments:pause": member("segment_id", **GOES_ON),
    "segments:archive": member("segment_id", **GOES_ON),
    "segments:resume": member("segment_id", **GOES_ON),
    "segments:deletion": member("segment_id", **GOES_ON),
    "segments:restore": member("segment_id", method="post", ok=(302, 404, 409)),
    "api-segments": member(),
    "api-segments-count": member(method="post", data={"filter": {"version": 1, "all": []}}),
    "api-segment": member("segment_id"),
    "api-segment-run": member("segment_id", method="post", data={"action": "preview"}),
}


def names(resolver: URLResolver | None = None, spaces: tuple[str, ...] = ()) -> Iterator[str]:
    """The name of every route, with its namespaces; its pattern where it has no name."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            inner = (*spaces, pattern.namespace) if pattern.namespace else spaces
            yield from names(pattern, inner)
        elif isinstance(pattern, URLPattern):
            yield ":".join((*spaces, pattern.name or str(pattern.pattern)))


def unlisted(found: Iterator[str] | list[str]) -> list[str]:
    """Routes that the table doesn't know."""
    return sorted({name for name in found if name not in ROUTES and not name.startswith(LIBRARY)})
