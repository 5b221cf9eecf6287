"""Forms of images."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from storage.models.images import Format, Visibility


class ImageEditForm(forms.Form):
    """What can be changed of an image at any time."""

    name = forms.CharField(label=_("Name"), max_length=128)
    description = forms.CharField(label=_("Description"), max_length=255, required=False)
    min_memory_mib = forms.IntegerField(
        label=_("Least memory (MiB)"),
        min_value=0,
        initial=0,
        help_text=_("Flavors with less cannot be used with it. 0: no limit."),
    )
    visibility = forms.ChoiceField(
        label=_("Who may use it"),
        choices=[(Visibility.PRIVATE, _("This project")), (Visibility.PUBLIC, _("All projects"))],
        initial=Visibility.PRIVATE,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, may_share: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_share:
            del self.fields["visibility"]


class ImageForm(ImageEditForm):
    """A new image. The file itself follows in a request of its own, sent by the page's script."""

    format = forms.ChoiceField(
        label=_("Format"),
        choices=[(Format.QCOW2, "qcow2"), (Format.RAW, "raw")],
        initial=Format.QCOW2,
        widget=forms.RadioSelect,
    )
    checksum = forms.CharField(
        label=_("SHA-256"),
        max_length=80,
        required=False,
        help_text=_("If given, a file that does not match is refused."),
        widget=forms.TextInput(attrs={"class": "mono", "spellcheck": "false", "autocomplete": "off"}),
    )
    field_order = ("name", "format", "description", "min_memory_mib", "checksum", "visibility")
