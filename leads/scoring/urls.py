"""Addresses of scoring."""

from django.urls import path

from . import views

urlpatterns = [
    path("settings/scoring/", views.scoring, name="scoring"),
    path("settings/scoring/fit/", views.fit, name="score_fit"),
    path("settings/scoring/fitted/", views.fitted_use, name="score_fitted"),
    path("settings/scoring/fitted/removal/", views.fitted_removal, name="score_fitted_removal"),
]
