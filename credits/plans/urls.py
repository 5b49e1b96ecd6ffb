"""Addresses of plans."""

from django.urls import path

from . import views

urlpatterns = [
    path("pricing/", views.pricing, name="pricing"),
    path("credits/plan/", views.plan, name="plan"),
    path("credits/plan/checkout/", views.subscribe, name="plan_checkout"),
    path("credits/plan/portal/", views.portal, name="plan_portal"),
    path("credits/plan/confirmation/", views.confirmation, name="plan_confirmation"),
]
