"""Renders templates without the product's settings, context processors or database."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.template import Context, Engine
from django.test import RequestFactory
from lxml import etree, html

from tests.unit.templates import samples

ROOT = Path(__file__).resolve().parents[3]

_PART = re.compile(r"""\.(?P<cls>[\w-]+)|\#(?P<id>[\w-]+)|\[(?P<attr>[\w-]+)(?:=["']?(?P<value>[^"'\]]*)["']?)?\]""")


def _xpath(selector):
    """Translate tags, classes, ids, attributes and descendants: what the tests here use of CSS."""
    path = ""
    for compound in selector.split():
        tag = re.match(r"[\w-]*", compound)[0] or "*"
        tests = []
        for part in _PART.finditer(compound):
            if part["cls"]:
                tests.append(f"contains(concat(' ', normalize-space(@class), ' '), ' {part['cls']} ')")
            elif part["id"]:
                tests.append(f"@id='{part['id']}'")
            else:
                tests.append(f"@{part['attr']}" + (f"='{part['value']}'" if part["value"] is not None else ""))
        path += f"//{tag}" + "".join(f"[{test}]" for test in tests)
    return f".{path}"


class Element(html.HtmlElement):
    """An element with css(), a selector without another package."""

    def css(self, selectors):
        """Return the elements that a list of selectors matches, in the order of the document."""
        return self.xpath(" | ".join(_xpath(selector) for selector in selectors.split(",")))


PARSER = etree.HTMLParser(encoding="utf-8")
PARSER.set_element_class_lookup(etree.ElementDefaultClassLookup(element=Element))


@pytest.fixture
def page(settings):
    """Return a function that renders a template (by name or source) and parses the result."""
    settings.ROOT_URLCONF = "tests.unit.templates.urls"
    settings.STATIC_URL = "/static/"
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    engine = Engine(
        dirs=[ROOT / "templates"],
        libraries={
            "ui": "console.core.templatetags.ui",
            "i18n": "django.templatetags.i18n",
            "static": "django.templatetags.static",
            "django_tables2": "django_tables2.templatetags.django_tables2",
        },
        debug=True,
    )

    def render(template, **context):
        request = RequestFactory().get("/p/demo/instances/", {"sort": "name"})
        request.user = SimpleNamespace(is_authenticated=True, is_staff=True, get_username=lambda: "ada.lovelace")
        source = engine.from_string(template) if "{%" in template else engine.get_template(template)
        text = source.render(Context({"request": request, "csrf_token": "token", **samples.shell(), **context}))
        whole = text if "<html" in text else f"<html><body><div>{text}</div></body></html>"
        return etree.fromstring(whole.strip().encode(), PARSER)

    return render
