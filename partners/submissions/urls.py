"""Addresses of submissions."""

from django.urls import path

from . import views

_ONE = "partner/submissions/<uuid:submission_id>"

urlpatterns = [
    path("partner/submissions/", views.submission_list, name="submissions"),
    path("partner/submissions/new/", views.submission_new, name="submission_new"),
    path(f"{_ONE}/", views.submission_detail, name="submission"),
    path(f"{_ONE}/mapping/", views.submission_mapping, name="submission_mapping"),
    path(f"{_ONE}/reading/", views.submission_reading, name="submission_reading"),
    path(f"{_ONE}/review/", views.submission_review, name="submission_review"),
    path(f"{_ONE}/closing/", views.submission_closing, name="submission_closing"),
    path(f"{_ONE}/price/", views.submission_price, name="submission_price"),
    path(f"{_ONE}/withdrawal/", views.submission_withdrawal, name="submission_withdrawal"),
    path(f"{_ONE}/rejects/", views.submission_rejects, name="submission_rejects"),
]
