"""Addresses of carts and orders."""

from django.urls import path

from . import order_views, views

urlpatterns = [
    path("marketplace/cart/", views.cart, name="cart"),
    path("marketplace/cart/items/", views.cart_add, name="cart_add"),
    path("marketplace/cart/removal/", views.cart_removal, name="cart_removal"),
    path("marketplace/cart/removal/undo/", views.cart_put_back, name="cart_put_back"),
    path("marketplace/cart/prices/", views.cart_prices, name="cart_prices"),
    path("marketplace/cart/purchase/", views.cart_purchase, name="cart_purchase"),
    path("marketplace/cart/checkout/", views.cart_checkout, name="cart_checkout"),
    path("marketplace/cart/paid/", views.cart_paid, name="cart_paid"),
    path("marketplace/orders/", order_views.order_list, name="orders"),
    path("marketplace/orders/<uuid:order_id>/", order_views.order_detail, name="order"),
    path(
        "marketplace/orders/<uuid:order_id>/receipt/",
        order_views.order_receipt,
        name="order_receipt",
    ),
    path("marketplace/orders/<uuid:order_id>/leads.csv", order_views.order_file, name="order_file"),
    path("marketplace/leads/<uuid:line_id>/report/", order_views.lead_report, name="report"),
]
