"""Addresses of purchases."""

from django.urls import path

from . import views

urlpatterns = [
    path("credits/buy/", views.buy, name="buy"),
    path("credits/purchases/", views.purchases, name="purchases"),
    path("credits/purchases/returned/", views.returned, name="returned"),
    path("credits/purchases/<uuid:purchase_id>/", views.purchase, name="purchase"),
    path("credits/auto-reload/", views.auto_reload, name="auto_reload"),
    path("credits/auto-reload/card/removal/", views.card_removal, name="card_removal"),
]
