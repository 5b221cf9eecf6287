"""Forms of host pages."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

_PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class HostForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=64, help_text=_("What you call it here."), widget=forms.TextInput(attrs=_PLAIN)
    )
    uri = forms.CharField(
        label=_("libvirt URI"),
        max_length=255,
        help_text=_("How this machine reaches the host's libvirt daemon."),
        widget=forms.TextInput(attrs={**_PLAIN, "class": "mono"}),
    )
    pool_path = forms.CharField(
        label=_("Folder for disks"),
        max_length=255,
        required=False,
        help_text=_("An absolute path on the host. Empty: a folder of our own under /var/lib/libvirt/images."),
        widget=forms.TextInput(attrs={**_PLAIN, "class": "mono"}),
    )


class HostSettingsForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=64, widget=forms.TextInput(attrs=_PLAIN))
    vcpu_overcommit = forms.FloatField(
        label=_("vCPU overcommit"),
        help_text=_("vCPUs promised for each CPU of the host, e.g. 8. Idle guests hardly use theirs."),
        widget=forms.NumberInput(attrs={"step": "0.1", "inputmode": "decimal"}),
    )
    memory_overcommit = forms.FloatField(
        label=_("Memory overcommit"),
        help_text=_("1 promises only what is there. More risks swapping when guests use all of theirs at once."),
        widget=forms.NumberInput(attrs={"step": "0.1", "inputmode": "decimal"}),
    )
    reserved_memory_mib = forms.IntegerField(
        label=_("Memory kept for the host (MiB)"),
        min_value=0,
        help_text=_("Not promised to guests: the host's own system and QEMU need it."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
