"""Addresses of the demo's mailbox."""

from django.urls import path

from . import views

urlpatterns = [
    path("mail/", views.mailbox, name="mailbox"),
    path("mail/<str:name>/<int:number>/", views.mail, name="mail"),
]
