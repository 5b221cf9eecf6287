"""Forms of instances, key pairs and flavors. They read text; what is allowed is decided by services."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from compute.services.instances import MOST_AT_ONCE


class InstanceForm(forms.Form):
    """A new instance. The choices come from the view, within the caller's scope."""

    image = forms.CharField(label=_("Image"), widget=forms.RadioSelect)
    flavor = forms.CharField(label=_("Flavor"), widget=forms.RadioSelect)
    network = forms.CharField(label=_("Network"), widget=forms.RadioSelect, required=False)
    key_pair = forms.CharField(label=_("Key pair"), widget=forms.RadioSelect, required=False)
    name = forms.CharField(
        label=_("Name"),
        max_length=128,
        help_text=_("The guest takes it as its host name, as far as its characters allow."),
    )
    count = forms.IntegerField(
        label=_("How many"),
        min_value=1,
        max_value=MOST_AT_ONCE,
        initial=1,
        help_text=_("With more than one, each name gets a number."),
        widget=forms.NumberInput(attrs={"data-cost-count": "", "inputmode": "numeric"}),
    )
    description = forms.CharField(label=_("Description"), max_length=255, required=False)
    user_data = forms.CharField(
        label=_("User data"),
        required=False,
        strip=False,
        help_text=_("A cloud-init configuration or a script that begins with #!. At most 64 KiB."),
        widget=forms.Textarea(attrs={"rows": 8, "class": "mono", "spellcheck": "false"}),
    )
    token = forms.UUIDField(widget=forms.HiddenInput, required=False)


class RenameForm(forms.Form):
    """A new name, in the head of the detail page."""

    name = forms.CharField(label=_("Name"), max_length=128)


class KeyPairImportForm(forms.Form):
    """A public key that exists already."""

    name = forms.CharField(label=_("Name"), max_length=128)
    public_key = forms.CharField(
        label=_("Public key"),
        widget=forms.Textarea(attrs={"rows": 5, "class": "mono", "spellcheck": "false"}),
        help_text=_("One line in OpenSSH form, as in ~/.ssh/id_ed25519.pub."),
    )


class KeyPairGenerateForm(forms.Form):
    """A pair that is made here."""

    name = forms.CharField(label=_("Name"), max_length=128)


class FlavorForm(forms.Form):
    """A size that instances can have."""

    name = forms.CharField(label=_("Name"), max_length=64)
    vcpus = forms.IntegerField(label=_("vCPUs"), min_value=1, initial=1)
    memory_mib = forms.IntegerField(label=_("Memory (MiB)"), min_value=64, initial=1024)
    disk_gib = forms.IntegerField(label=_("Disk (GiB)"), min_value=1, initial=10)
    description = forms.CharField(label=_("Description"), max_length=255, required=False)
    enabled = forms.BooleanField(
        label=_("Enabled"), required=False, initial=True, help_text=_("Only enabled flavors can be chosen.")
    )
