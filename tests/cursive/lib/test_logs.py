"""What requests leave in the logs."""

import logging

from django.test import Client, RequestFactory

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


def test_nor_where_it_was_refused(settings):
    """Django hands the whole request to whoever logs an answer of 4xx."""
    request = RequestFactory().get("/nosuch/", {"q": "ann@secret.example"})
    record = logging.makeLogRecord({"msg": "Not Found: %s", "args": ("/nosuch/",)})
    record.request, record.levelname = request, "WARNING"
    json = settings.LOGGING["formatters"]["json"]
    formatter = json["()"](processor=json["processor"], foreign_pre_chain=json["foreign_pre_chain"])
    said = formatter.format(record)
    assert "GET /nosuch/" in said and "secret" not in said
