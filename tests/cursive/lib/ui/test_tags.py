"""The tags and filters of `{% load ui %}`."""

import datetime
from types import SimpleNamespace

import pytest
from django.http import QueryDict
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory
from django.utils import timezone

from cursive.lib.ui.badges import score_band, status_badge
from cursive.lib.ui.formatting import NOTHING
from cursive.lib.ui.pagination import KeysetPage, NumberedPage
from cursive.lib.ui.tags import with_query


def render(source, **context):
    return Template("{% load ui %}" + source).render(Context(context))


def request(path="/leads/?q=a%26b&page=2&tag=x&tag=y"):
    return RequestFactory().get(path)


def test_an_icon_is_decoration_unless_it_is_labelled():
    assert 'aria-hidden="true"' in render('{% icon "users" %}')
    labelled = render('{% icon "users" label=label %}', label="<People>")
    assert 'role="img"' in labelled and 'aria-label="&lt;People&gt;"' in labelled
    assert "icons.svg#users" in labelled


def test_an_unknown_icon_is_an_error_while_developing_only(settings):
    settings.DEBUG = True
    with pytest.raises(TemplateSyntaxError):
        render('{% icon "no-such-icon" %}')
    settings.DEBUG = False
    assert "icons.svg#point" in render('{% icon "no-such-icon" %}')


def test_components_escape_what_they_are_given():
    evil = '"><img src=x>'
    for source in (
        "{% card title=evil %}{{ evil }}{% endcard %}",
        "{% empty title=evil text=evil %}{% endempty %}",
        "{% table label=evil %}{% endtable %}",
        "{% notice title=evil %}{{ evil }}{% endnotice %}",
        "{% modal title=evil lead=evil %}{% endmodal %}",
        "{% stat evil evil evil href=evil %}",
        "{% badge evil %}{% status evil %}{% avatar evil %}",
        "{% copy evil evil text=True %}",
        "{% chip evil remove_url=evil hx_get=evil %}",
        "{% progress 3 label=evil %}",
        "{% crumb evil evil %}",
    ):
        html = render(source, evil=evil)
        assert "<img" not in html, source


def test_a_component_takes_nothing_from_the_page_around_it():
    html = render(
        "{% card title='T' %}x{% endcard %}", id="page-id", cls="page-class", actions="page-actions"
    )
    assert "page-id" not in html and "page-class" not in html and "page-actions" not in html


def test_components_nest():
    html = render("{% card title='A' %}{% card title='B' %}inner{% endcard %}{% endcard %}")
    assert html.count('class="card"') == 2
    assert html.index(">A<") < html.index(">B<") < html.index("inner")


def test_a_table_is_a_region_that_keys_can_scroll():
    html = render("{% table label='Leads' %}<tbody></tbody>{% endtable %}")
    assert 'role="region" aria-label="Leads" tabindex="0"' in html


def test_progress_without_a_value_only_says_that_something_goes_on():
    assert "value=" not in render("{% progress None label='Import' %}")
    assert 'value="1200"' in render("{% progress 1200 5000 %}")


def test_scores_say_their_band_in_words():
    assert [score_band(n)[0] for n in (100, 80, 79, 60, 40, 39, 0)] == [
        "excellent", "excellent", "good", "good", "fair", "low", "low",
    ]  # fmt: skip
    assert "excellent" in render("{% score 92 %}")
    assert NOTHING in render("{% score None %}")


@pytest.mark.parametrize(
    ("value", "tone"), [("failed", "danger"), ("past_due", "warning"), ("anything", "neutral")]
)
def test_statuses_have_a_tone_and_words(value, tone):
    html = status_badge(value)
    assert f"pill-{tone}" in html
    assert value.replace("_", " ").capitalize() in html


def test_ago_has_the_moment_in_its_title_and_is_kept_up_to_date():
    html = render("{% ago when %}", when=timezone.now() - datetime.timedelta(minutes=5))
    assert "5 minutes ago" in html and "data-ago" in html and "title=" in html
    assert NOTHING in render("{% ago None %}")


@pytest.mark.parametrize("name", ["", " ", "🦊", "a@b.example", "Ana María Ó Néill", "\0"])
def test_an_avatar_stands_any_name(name):
    assert 'aria-hidden="true"' in render("{% avatar name %}", name=name)


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Alice", "A"),
        ("alice@demo.example", "A"),
        ("Ana María Ó Néill", "AN"),
        ("ana.muster@acme.example", "AM"),
        ("🦊", "?"),
    ],
)
def test_initials_are_the_same_everywhere(name, initials):
    assert f">{initials}</span>" in render("{% avatar name %}", name=name)


def test_pages_keep_the_rest_of_the_query():
    page = NumberedPage([1], 2, 50, total=500)
    html = render("{% pagination page target='#rows' %}", page=page, request=request())
    assert "?q=a%26b&amp;page=3&amp;tag=x&amp;tag=y" in html
    assert 'aria-current="page"' in html
    assert 'hx-target="#rows"' in html


def test_every_htmx_link_of_pages_is_a_link_too():
    page = NumberedPage([1], 2, 50, total=500)
    html = render("{% pagination page target='#rows' %}", page=page, request=request())
    links = [part for part in html.split("<a ")[1:] if "hx-get" in part.split(">")[0]]
    assert links and all('href="?' in link.split(">")[0] for link in links)


def test_cursors_take_the_place_of_page_numbers():
    page = KeysetPage([1], "next+/=", "back", 50)
    html = render("{% pagination page %}", page=page, request=request())
    assert "cursor=next%2B%2F%3D" in html and "cursor=back" in html
    assert "page=2" not in html
    assert render("{% pagination page %}", page=KeysetPage([1], None, None, 50)).strip() == ""


def test_a_query_can_lose_parameters():
    assert with_query(QueryDict("a=1&b=2"), a=None) == "?b=2"
    assert with_query(QueryDict("a=1"), a=None) == "?"


def test_a_missing_template_is_left_out():
    assert render('{% include_if_there "no/such/template.html" %}').strip() == ""


def test_captured_text_can_be_used_twice():
    assert render("{% capture x %} a {% endcapture %}{{ x }}{{ x }}") == "aa"


def job(**fields):
    usual = {
        "pk": "1", "title": "Pull 10 leads", "status": "processing",
        "get_status_display": "Running",
        "processed": 5, "total": 10, "failed": 0, "progress": 50, "is_over": False,
        "can_cancel": True, "can_retry": False, "eta_seconds": 30, "note": "", "error": "",
        "cancel_requested": False, "finished_at": None,
    }  # fmt: skip
    return SimpleNamespace(**(usual | fields))


def progress_of(**fields):
    source = (
        '{% include "_job_progress.html" with stream_url="/s/" poll_url="/p/" cancel_url="/c/" %}'
    )
    return render(source, job=job(**fields))


def test_a_job_shows_how_far_it_is_and_can_be_cancelled():
    """L-21"""
    html = progress_of()
    assert 'value="50"' in html and "5 of 10" in html and "30 s left" in html
    assert 'data-job-stream="/s/"' in html and 'data-job-poll="/p/"' in html
    assert 'action="/c/"' in html and "data-confirm=" in html


def test_a_job_whose_worker_died_says_that_it_waits():
    html = progress_of(is_waiting=True, started_at=timezone.now(), note="Reading")
    assert "Waiting for a worker, to go on from here" in html and "Reading" not in html
    assert "Waiting for a worker" in progress_of(is_waiting=True, started_at=None)
    assert "Waiting" not in progress_of()


def test_a_job_that_is_over_asks_no_more():
    html = progress_of(is_over=True, status="completed", can_cancel=False)
    assert "data-job-stream" not in html and 'data-job-over="completed"' in html
    assert 'action="/c/"' not in html
