"""The WSGI application: pages and API behind a proxy that sends /events/ to the ASGI one."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cursive.settings")

application = get_wsgi_application()
