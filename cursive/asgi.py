"""The ASGI application: pages, API and event streams in one process."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cursive.settings")
django.setup(set_prefix=False)

from cursive.lib.warming import warm_up  # noqa: E402 - needs the settings
from cursive.serving import PageHandler, settle  # noqa: E402

application = PageHandler()
settle()
warm_up()
