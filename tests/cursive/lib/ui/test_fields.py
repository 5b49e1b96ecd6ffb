"""Form fields: what was typed stays, and errors are told with the control (X-13)."""

import re

import pytest
from django import forms
from django.template import Context, Template
from django.utils.safestring import mark_safe


class Demo(forms.Form):
    name = forms.CharField(help_text="Shown to all.")
    site = forms.URLField(
        required=False, assume_scheme="https", widget=forms.URLInput(attrs={"class": "wide"})
    )
    size = forms.ChoiceField(choices=[("s", "Small"), ("l", "Large")])
    tone = forms.ChoiceField(widget=forms.RadioSelect, choices=[("a", "A"), ("b", "B & C")])
    places = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, choices=[("1", "One"), ("2", "Two")], required=False
    )
    agreed = forms.BooleanField(label="I agree")
    password = forms.CharField(widget=forms.PasswordInput, required=False)
    key = forms.CharField(widget=forms.HiddenInput, required=False)


def render(tag, form):
    return Template("{% load ui %}{% " + tag + " %}").render(Context({"form": form}))


def test_a_control_has_label_help_and_class():
    html = render("field form.name", Demo())
    assert '<label class="form-label" for="id_name">Name</label>' in html
    assert 'class="form-control"' in html
    assert 'aria-describedby="id_name_help"' in html
    assert 'id="id_name_help">Shown to all.' in html
    assert "aria-invalid" not in html


def test_an_error_is_wired_to_its_control_and_the_value_stays():
    html = render("field form.site", Demo({"site": "<nope>"}))
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_site_error"' in html
    assert 'id="id_site_error"' in html
    assert 'value="&lt;nope&gt;"' in html
    assert 'class="wide form-control is-invalid"' in html


def test_help_comes_before_the_error():
    html = render("field form.name", Demo({}))
    assert 'aria-describedby="id_name_help id_name_error"' in html


def test_optional_is_said_required_is_not():
    assert "Optional" in render("field form.site", Demo())
    assert "Optional" not in render("field form.name", Demo())


@pytest.mark.parametrize(("name", "css"), [("size", "form-select"), ("agreed", "form-check-input")])
def test_each_kind_has_its_class(name, css):
    assert css in render(f"field form.{name}", Demo())


def test_choices_are_a_fieldset_that_keeps_what_was_chosen():
    html = render("field form.tone", Demo({"tone": "b"}))
    assert html.count("<input") == 2
    assert re.search(r'value="b"[^>]*checked', html)
    assert not re.search(r'value="a"[^>]*checked', html)
    assert "<legend" in html and "B &amp; C" in html
    ids = re.findall(r'id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    several = render("field form.places", Demo({"places": ["1", "2"]}))
    assert several.count("checked") == 2


def test_a_group_tells_its_error():
    html = render("field form.tone", Demo({}))
    assert 'aria-describedby="id_tone_error"' in html
    assert 'id="id_tone_error"' in html


def test_a_hidden_field_is_only_a_control():
    assert render("field form.key", Demo()).strip().startswith("<input")


def test_a_password_can_be_shown_and_never_comes_back():
    html = render("field form.password", Demo({"password": "secret"}))
    assert 'data-reveal="id_password"' in html
    assert "secret" not in html


def test_options_reach_the_control():
    html = render('field form.name hx_get="/x" placeholder=False label="Who" prefix="@"', Demo())
    assert 'hx-get="/x"' in html and "placeholder" not in html
    assert ">Who<" in html and "input-group-text" in html


def test_labels_and_options_are_escaped():
    form = Demo()
    form.fields["name"].label, form.fields["name"].help_text = "<b>", "<i>"
    html = render("field form.name", form)
    assert "<b>" not in html and "<i>" not in html


def test_the_summary_names_and_links_several_wrong_fields():
    html = render("form_errors form", Demo({}))
    assert 'role="alert"' in html
    assert 'href="#id_name"' in html and 'href="#id_size"' in html


def test_one_wrong_field_needs_no_summary():
    form = Demo({"name": "", "size": "s", "tone": "a", "agreed": "on"})
    assert render("form_errors form", form).strip() == ""


def test_errors_of_the_whole_and_of_hidden_fields_are_shown():
    form = Demo({"name": "x", "size": "s", "tone": "a", "agreed": "on"})
    form.add_error(None, "Not <today>.")
    form.add_error("key", "Broken.")
    html = render("form_errors form", form)
    assert "Not &lt;today&gt;." in html
    assert "Broken." in html


def test_fields_renders_every_field_once():
    html = render("fields form", Demo())
    for name in Demo.base_fields:
        assert f'name="{name}"' in html


def test_help_may_hold_a_link_that_its_form_vouches_for():
    form = Demo()
    form.fields["name"].help_text = mark_safe('<a href="/forgot/">Forgot it?</a>')
    assert '<a href="/forgot/">' in render("field form.name", form)
