"""Forms of identity pages. They read what was sent; the rules are the services'."""

from __future__ import annotations

import datetime
from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm
from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from console.core.scope import Role
from console.identity.models.projects import UNLIMITED, Quota, Resource
from console.identity.navigation import ROLE_LABELS
from console.identity.presenting import QUOTA_UNITS

EXPIRIES = (("7", _("7 days")), ("30", _("30 days")), ("90", _("90 days")), ("365", _("1 year")), ("never", _("Never")))
_UNIT_WORDS = {"mib": "MiB", "gib": "GiB"}


class MemberForm(forms.Form):
    username = forms.CharField(
        label=_("Login name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    role = forms.ChoiceField(
        label=_("Role"), choices=[(role.value, ROLE_LABELS[role]) for role in Role], initial=Role.MEMBER.value
    )


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=64, help_text=_("What it is for, e.g. “ci” or “terraform”. You see it in the list.")
    )
    expiry = forms.ChoiceField(
        label=_("Expires after"),
        choices=EXPIRIES,
        initial="90",
        help_text=_("A token that is found by others is useless after that."),
    )

    @property
    def expires_at(self) -> datetime.datetime | None:
        days = self.cleaned_data["expiry"]
        return None if days == "never" else timezone.now() + datetime.timedelta(days=int(days))


class QuotaForm(forms.Form):
    """One field a resource; an empty field means no limit."""

    def __init__(self, *args: Any, quotas: list[Quota], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for quota in quotas:
            unit = _UNIT_WORDS.get(QUOTA_UNITS.get(quota.resource, ""), "")
            label = Resource(quota.resource).label
            self.fields[quota.resource] = forms.IntegerField(
                label=f"{label} ({unit})" if unit else label,
                required=False,
                min_value=0,
                initial=None if quota.limit == UNLIMITED else quota.limit,
                widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
            )

    @property
    def limits(self) -> dict[str, int]:
        return {name: UNLIMITED if value is None else value for name, value in self.cleaned_data.items()}


class ProjectForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=64)
    description = forms.CharField(label=_("Description"), max_length=255, required=False)


class ProfileForm(forms.Form):
    full_name = forms.CharField(
        label=_("Full name"), max_length=150, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=_("E-mail"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


class PasswordChangeForm(ChangePasswordForm):
    """allauth's, in our words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {
            "oldpassword": _("Present password"),
            "password1": _("New password"),
            "password2": _("New password again"),
        }
        for name, label in labels.items():
            self.fields[name].label = label
            self.fields[name].widget.attrs.pop("placeholder", None)


class SignInForm(LoginForm):
    """allauth's, in our words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {"login": _("Login name"), "password": _("Password"), "remember": _("Stay logged in")}
        for name, label in labels.items():
            if name in self.fields:
                self.fields[name].label = label
                self.fields[name].widget.attrs.pop("placeholder", None)
        self.fields["login"].widget.attrs.update({"autocapitalize": "none", "spellcheck": "false", "autofocus": True})


class UserForm(forms.Form):
    """What staff change about a person."""

    full_name = forms.CharField(label=_("Full name"), max_length=150, required=False)
    email = forms.EmailField(label=_("E-mail"), required=False)


class UserCreateForm(UserForm):
    username = forms.CharField(
        label=_("Login name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    is_staff = forms.BooleanField(
        label=_("Staff"),
        required=False,
        help_text=_("Staff keep the whole cloud: hosts, every project, every user."),
    )
    field_order = ("username", "full_name", "email", "is_staff")
