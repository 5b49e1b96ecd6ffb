"""A small server that speaks Stripe's API, for test payments and for tests (C-16).

It stands alone: no Django, no settings. The official client talks to it over HTTP, and it sends
events signed as Stripe signs them. It takes only parameters that Stripe takes, answers with fields
that Stripe has, and refuses what it doesn't know instead of ignoring it.
"""
