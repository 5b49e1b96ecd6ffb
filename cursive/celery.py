"""The Celery application: a doorbell for work that PostgreSQL remembers."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cursive.settings")

app = Celery("cursive")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
