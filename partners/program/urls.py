"""Address of the page about selling."""

from django.urls import path

from . import views

urlpatterns = [path("partner/join/", views.join, name="join")]
