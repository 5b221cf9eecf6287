"""What is accepted as text survives all that it travels through; all else is refused by its field."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from console.core.errors import Invalid
from console.core.ids import parse_uuid, request_id
from console.core.validation import NAME_LENGTH, clean_int, clean_name, clean_text


def accepted(text: Any, **options: Any) -> str | None:
    try:
        return clean_name(text, **options)
    except Invalid as refusal:
        assert list(refusal.fields) == ["name"]
        return None


@given(st.text(max_size=160))
def test_accepted_names_survive_xml_json_and_themselves(text: str) -> None:
    name = accepted(text)
    if name is None:
        return
    element = etree.Element("title", title=name)
    element.text = name
    back = etree.fromstring(etree.tostring(element))
    assert (back.text, back.get("title")) == (name, name)
    assert json.loads(json.dumps({"name": name}))["name"] == name
    assert name.encode().decode() == name
    assert clean_name(name) == name
    assert 1 <= len(name) <= NAME_LENGTH and name == name.strip() and len(name.splitlines()) == 1


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=40))
def test_letters_of_any_script_numbers_and_signs_are_fine(text: str) -> None:
    assert accepted(text) is not None


@pytest.mark.parametrize(
    "name", ["<b>", "]]>", "🦊 fox", "👨‍👩‍👧", "../../etc/passwd", "a&b\"'", "名前", "x" * 128, " x ", "a b", "-rf"]
)
def test_odd_names_are_fine(name: str) -> None:
    assert accepted(name) == name.strip()


@pytest.mark.parametrize(
    "name",
    ["", "   ", "a\x00b", "a\nb", "a\tb", "a\rb", "a\x1bb", "a\x7fb", "a\x85b", "a\u2028b", "a\u2029b"]
    + ["\ud800", "a\ufffe", "\ue000", "x" * 129, None, 7, True, b"x", ["x"], {"x": 1}],
)
def test_bad_names_are_refused(name: Any) -> None:
    assert accepted(name) is None


def test_two_spellings_of_one_name_are_one() -> None:
    assert clean_name("e\u0301") == clean_name("\u00e9")


@given(st.text(max_size=200))
def test_accepted_text_is_kept_as_it_is(text: str) -> None:
    try:
        kept = clean_text(text, field="user_data", limit_bytes=300)
    except Invalid as refusal:
        assert list(refusal.fields) == ["user_data"]
        assert "\x00" in text or len(text.encode(errors="replace")) > 300 or not text.isprintable()
        return
    assert kept == text
    assert kept.encode().decode() == text


@pytest.mark.parametrize(
    ("text", "ok"),
    [
        (None, True),
        ("", True),
        ("a\r\n\tb\x1b", True),
        ("é" * 5, True),
        ("é" * 6, False),
        ("a\x00", False),
        ("\udfff", False),
        (7, False),
        (b"x", False),
    ],
)
def test_text_is_limited_in_bytes(text: Any, ok: bool) -> None:
    if ok:
        assert clean_text(text, field="f", limit_bytes=10) == (text or "")
        return
    with pytest.raises(Invalid) as caught:
        clean_text(text, field="f", limit_bytes=10)
    assert list(caught.value.fields) == ["f"]


@pytest.mark.parametrize(
    ("value", "ok"),
    [
        (1, True),
        (5, True),
        (0, False),
        (6, False),
        (True, False),
        ("3", False),
        (2.0, False),
        (None, False),
        (10**30, False),
    ],
)
def test_whole_numbers(value: Any, ok: bool) -> None:
    if ok:
        assert clean_int(value, field="count", low=1, high=5) == value
        return
    with pytest.raises(Invalid) as caught:
        clean_int(value, field="count", low=1, high=5)
    assert list(caught.value.fields) == ["count"]


@pytest.mark.parametrize(
    "text", ["", "x", "4f0c3b1e", "0" * 41, "../x", "4f0c3b1e-6d0a-4a53-9a51-6a5d1c0e9bzz", None, 7]
)
def test_what_is_no_uuid(text: Any) -> None:
    assert parse_uuid(text) is None


def test_uuids_with_and_without_dashes() -> None:
    with_dashes = parse_uuid("4f0c3b1e-6d0a-4a53-9a51-6a5d1c0e9b11")
    assert with_dashes is not None and with_dashes == parse_uuid(with_dashes.hex) == parse_uuid(with_dashes)
    assert request_id() != request_id() and len(request_id()) == 40
