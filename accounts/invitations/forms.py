"""The form that invites somebody."""

from typing import Any

from django import forms

from accounts.workspaces.models import Membership, Role


class InviteForm(forms.Form):
    """An address and a role; only owners may offer ownership."""

    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "placeholder": "name@company.com"}),
    )
    role = forms.ChoiceField(label="Role", initial=Role.MEMBER)

    def __init__(self, *args: Any, inviter: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role = self.fields["role"]
        assert isinstance(role, forms.ChoiceField)
        role.choices = role_choices(inviter)


def role_choices(giver: Membership) -> list[tuple[str, str]]:
    """The roles that `giver` may give, least first."""
    return [
        (role.value, role.label)
        for role in Role
        if role != Role.OWNER or giver.at_least(Role.OWNER)
    ]
