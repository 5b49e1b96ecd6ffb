"""Addresses of the partner's dashboard and earnings."""

from django.urls import path

from . import views

urlpatterns = [
    path("partner/", views.home, name="home"),
    path("partner/earnings/", views.earnings, name="earnings"),
    path("partner/earnings/export/", views.earnings_export, name="earnings_export"),
    path("partner/sold/", views.sold, name="sold"),
    path("partner/sold/export/", views.sold_export, name="sold_export"),
    path("partner/payouts/", views.payouts, name="payouts"),
]
