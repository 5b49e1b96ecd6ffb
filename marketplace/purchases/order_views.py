"""Orders: the list, one with its leads, its receipt and file, and reports of bad leads (M-5)."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access.views import member_required
from accounts.workspaces.forms import show_refusal
from accounts.workspaces.requests import MemberRequest
from cursive.lib.audit_port import record
from cursive.lib.errors import DomainError
from cursive.lib.ui.pagination import keyset_page
from leads.records.queries import address_of_job
from marketplace import limits

from .forms import ReportForm
from .models import Order
from .orders import (
    get_line,
    get_order,
    left_out_of,
    lines_of,
    order_csv,
    orders_of,
    receipt_of,
    rows_of,
)
from .reports import report_lead

PAGE_SIZE = 50
MARKET = "/marketplace/"


@require_GET
@member_required
def order_list(request: MemberRequest) -> HttpResponse:
    """Everything that the workspace bought in the marketplace, newest first."""
    limits.use(limits.OTHER, request)
    page = keyset_page(
        orders_of(request.workspace.id),
        order=Order.NEWEST_FIRST,
        cursor=request.GET.get("cursor"),
        page_size=PAGE_SIZE,
    )
    context = {"page": page, "market_url": MARKET}
    return render(request, "marketplace/purchases/order_list.html", context)


@require_GET
@member_required
def order_detail(request: MemberRequest, order_id: UUID) -> HttpResponse:
    """One order: its leads page by page, what was left out, what was reported."""
    limits.use(limits.OTHER, request)
    order = get_order(request.workspace.id, order_id)
    page = keyset_page(
        lines_of(request.workspace.id, order.id),
        order=("id",),
        cursor=request.GET.get("cursor"),
        page_size=PAGE_SIZE,
    )
    context = {
        "order": order,
        "page": page,
        "rows": rows_of(request.workspace.id, page.items),
        "receipt": receipt_of(order),
        "left_out": left_out_of(order),
        "leads_url": address_of_job(order.id),
    }
    return render(request, "marketplace/purchases/order.html", context)


@require_GET
@member_required
def order_receipt(request: MemberRequest, order_id: UUID) -> HttpResponse:
    """What an order cost, as a page to print or keep."""
    limits.use(limits.OTHER, request)
    order = get_order(request.workspace.id, order_id)
    context = {
        "order": order,
        "receipt": receipt_of(order),
    }
    return render(request, "marketplace/purchases/receipt.html", context)


@require_GET
@member_required
def order_file(request: MemberRequest, order_id: UUID) -> StreamingHttpResponse:
    """An order's leads as a CSV file."""
    limits.use(limits.OTHER, request)
    order = get_order(request.workspace.id, order_id)
    record(
        action="export",
        resource="order",
        resource_id=order.id,
        actor=request.actor,
        workspace_id=request.workspace.id,
        new={"leads": order.leads},
    )
    response = StreamingHttpResponse(order_csv(order), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="order-{order.number}.csv"'
    return response


@require_http_methods(["GET", "POST"])
@member_required
def lead_report(request: MemberRequest, line_id: UUID) -> HttpResponse:
    """Say that a lead is bad: the dialog, and its answer."""
    limits.use(limits.OTHER, request)
    row = get_line(request.workspace.id, line_id)
    form = ReportForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                report_lead(
                    workspace=request.workspace,
                    actor=request.actor,
                    line_id=line_id,
                    **form.cleaned_data,
                )
            except DomainError as error:
                show_refusal(form, error)
                status = error.status
            else:
                messages.success(request, "Thank you. We look at it, and tell you by mail.")
                return redirect("marketplace:order", order_id=row.line.order_id)
    context = {
        "row": row,
        "form": form,
        "action": reverse("marketplace:report", args=[line_id]),
    }
    fragment = "#dialog" if request.htmx else ""
    return render(request, f"marketplace/purchases/report.html{fragment}", context, status=status)
