"""The hosted pages in a real browser's terms: what they say, where they lead."""

import http.client
from html.parser import HTMLParser
from urllib.parse import urlencode, urlsplit

import pytest

LABEL = "Test payments: no money moves"
PAYS, DECLINED, ASKS = "4242424242424242", "4000000000000002", "4000002500003155"


class Labels(HTMLParser):
    """Finds fields that no label names."""

    def __init__(self):
        super().__init__()
        self.inside = 0
        self.nameless = []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "label":
            self.inside += 1
        if tag == "input" and attributes.get("type") != "hidden" and not self.inside:
            self.nameless.append(attributes)

    def handle_endtag(self, tag):
        if tag == "label":
            self.inside -= 1


@pytest.fixture
def ask():
    def send(method, url, **fields):
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, parts.path, urlencode(fields), kind)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer, text

    return send


def test_every_page_is_labelled_and_runs_no_script(ask, client, customer, buy):
    session = buy()
    portal = client.v1.billing_portal.sessions.create({"customer": customer.id}).url
    server = session.url.partition("/c/")[0]
    for url in (session.url, portal, f"{portal}/card", f"{server}/nowhere"):
        answer, text = ask("GET", url)
        assert LABEL in text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "<script" not in text and "style=" not in text
        labels = Labels()
        labels.feed(text)
        assert labels.nameless == []
    answer, _ = ask("GET", f"{server}/assets/style.css")
    assert answer.headers["Content-Type"].startswith("text/css")


def test_paying_leads_to_the_success_page_with_the_sessions_id(ask, client, buy):
    session = buy()
    _, text = ask("GET", session.url)
    assert "Pay $199.00" in text and "alice@acme.example" in text
    assert 'href="http://shop.example/credits/"' in text
    done = f"http://shop.example/done?session={session.id}"
    for _ in range(2):  # A double click.
        answer, _ = ask("POST", session.url, card=PAYS)
        assert (answer.status, answer.headers["Location"]) == (303, done)
    assert len(client.v1.charges.list().data) == 1
    _, text = ask("GET", session.url)
    assert "all done here" in text and done in text


def test_a_refused_card_is_said_and_kept_chosen(ask, client, buy):
    session = buy()
    answer, _ = ask("POST", session.url, card=DECLINED)
    assert answer.headers["Location"] == urlsplit(session.url).path
    _, text = ask("GET", session.url)
    assert "Your card was declined." in text
    assert f'value="{DECLINED}" checked' in text
    ask("POST", session.url, card="1")
    assert "Choose a card." in ask("GET", session.url)[1]
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"


@pytest.mark.parametrize(("answer", "status"), [("yes", "complete"), ("no", "open")])
def test_a_card_that_asks_its_holder_is_charged_only_with_consent(ask, client, buy, answer, status):
    session = buy()
    ask("POST", session.url, card=ASKS)
    assert "Your bank asks for your consent" in ask("GET", session.url)[1]
    assert client.v1.charges.list().data == []
    ask("POST", session.url, card=ASKS, answer=answer)
    assert client.v1.checkout.sessions.retrieve(session.id).status == status
    if status == "open":
        assert "confirm the payment" in ask("GET", session.url)[1]


def test_a_stranger_is_asked_for_an_address_which_is_shown_safely(ask, client):
    line = {
        "price_data": {
            "currency": "usd",
            "unit_amount": 4900,
            "product_data": {"name": "<b>Bold</b>"},
        },
        "quantity": 2,
    }
    session = client.v1.checkout.sessions.create(
        {"mode": "payment", "line_items": [line], "success_url": "http://shop.example/"}
    )
    ask("POST", session.url, card=DECLINED, email='"><i>x')
    _, text = ask("GET", session.url)
    assert "<b>Bold" not in text and "<i>x" not in text
    assert "$98.00" in text
    ask("POST", session.url, card=PAYS, email="guest@acme.example")
    paid = client.v1.checkout.sessions.retrieve(session.id)
    assert paid.customer_details.email == "guest@acme.example"
    assert paid.customer is None


def test_an_expired_session_cannot_be_paid(ask, server, client, buy):
    session = buy()
    server.expire(session.id)
    assert "This page has expired" in ask("GET", session.url)[1]
    ask("POST", session.url, card=PAYS)
    assert client.v1.charges.list().data == []


def test_an_invoice_is_shown(ask, client, subscribe):
    key = subscribe()
    invoice = client.v1.subscriptions.retrieve(key, {"expand": ["latest_invoice"]}).latest_invoice
    _, text = ask("GET", invoice.hosted_invoice_url)
    assert "$49.00" in text and "paid" in text
    answer, _ = ask("POST", invoice.hosted_invoice_url)
    assert answer.status == 303
    assert len(client.v1.charges.list().data) == 1


def test_an_address_that_leads_nowhere_says_so(ask, server):
    for path in ("/", "/c/pay/cs_test_none", "/p/session/bps_none", "/i/in_none"):
        answer, text = ask("GET", f"{server.url}{path}")
        assert answer.status == 404
        assert "There is nothing here" in text
