"""What requests leave in the logs."""

import logging

from django.test import Client

from tests import cast


def test_what_was_looked_for_is_not_in_the_logs(db, caplog):
    """A-18: an address that staff or customers search for is nobody's to read there."""
    _, alice = cast.acme()
    client = Client()
    client.force_login(alice)
    with caplog.at_level(logging.INFO, logger="cursive.lib.logs"):
        caplog.set_level(logging.INFO, logger="django_structlog")
        assert client.get("/leads/", {"q": "ann@secret.example"}).status_code == 200
    said = "".join(str(record.msg) for record in caplog.records)
    assert "request_finished" in said and "GET /leads/" in said
    assert "secret" not in said
