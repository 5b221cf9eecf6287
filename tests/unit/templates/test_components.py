"""The components: labels, ids that belong together, states that do not rest on colour."""

import json

import pytest

from console.core.templatetags import ui
from tests.unit.templates import samples


def texts(elements):
    return [" ".join(element.text_content().split()) for element in elements]


@pytest.mark.parametrize("pill", samples.PILLS, ids=lambda pill: pill["label"])
def test_pill_has_text_and_a_mark(page, pill):
    tree = page("{% load ui %}{% status_pill pill %}", pill=pill)
    element = tree.css(".pill")[0]
    assert element.text_content().strip() == pill["label"]
    assert element.css(".pill-dot, .pill-spin, svg")
    assert element.get("title") == pill.get("title")


def test_pill_of_an_unknown_tone_is_never_green():
    assert "pill-unknown" in ui.status_pill({"label": "?", "tone": "sparkling"})


def test_everything_is_escaped():
    evil = '"><script>alert(1)</script>'
    action = {"label": evil, "url": evil, "confirm": {"title": evil, "expect": evil}, "icon": "trash"}
    for markup in (
        ui.status_pill({"label": evil, "tone": "red", "title": evil}),
        ui.action_menu("menu", [action], label=evil),
        ui.action_button({**action, "disabled": evil}),
    ):
        assert "<script" not in markup


def test_refused_action_says_why_and_does_nothing(page):
    action = {"label": "Start", "url": "/start/", "disabled": "It is running already"}
    button = page("{% load ui %}{% action_button action %}", action=action).css("button")[0]
    assert button.get("aria-disabled") == "true"
    assert button.get("hx-post") is None
    assert "It is running already" in button.text_content()


def test_action_carries_its_confirmation(page):
    menu = page('{% load ui %}{% action_menu "m" actions %}', actions=samples.row_actions("web-1"))
    delete = menu.css("[data-confirm-danger]")[0]
    assert delete.get("hx-post") == "/i/web-1/delete/"
    assert delete.get("data-confirm-type") == "name"
    assert delete.get("data-confirm-expect") == "web-1"
    assert menu.css("a")[0].get("href") == "/i/web-1/console/"


def test_table(page):
    table = samples.InstanceTable(samples.instances(), order_by="-name")
    tree = page(
        "components/table.html",
        table=table,
        list_id="instances",
        live_model="instance",
        bulk_actions=samples.bulk_actions(),
        filter={"query": "web"},
        pager={"summary": "1-7", "next_url": "?after=x"},
    )
    assert tree.get_element_by_id("instances").get("data-live-list") == "instance"
    assert [th.get("aria-sort") for th in tree.css("th[aria-sort]")] == ["descending"]
    assert tree.css("th[aria-sort] a")[0].get("href")
    rows = tree.css("tbody tr")
    assert len(rows) == len({row.get("id") for row in rows}) == 7
    assert all(row.get("data-live").startswith("instance.row:") for row in rows)
    assert "Select web-1" in [box.get("aria-label") for box in tree.css(".row-select")]
    assert tree.css("[rel=next]")[0].get("href") == "?after=x"
    assert tree.css("input[type=search]")[0].get("value") == "web"
    for th in tree.css("th"):
        assert th.get("scope") == "col"


def test_one_row_renders_as_in_the_table(page):
    instances = samples.instances()
    whole = page("components/table.html", table=samples.InstanceTable(instances), list_id="list")
    row = samples.InstanceTable(instances[:1]).rows[0]
    alone = page("{% include 'components/table_row.html' %}", row=row).css("tr")[0]
    beside = whole.get_element_by_id(alone.get("id"))
    assert dict(alone.attrib) | {"class": ""} == dict(beside.attrib) | {"class": ""}
    assert texts(alone.css("td")) == texts(beside.css("td"))


@pytest.mark.parametrize(
    ("kind", "wanted"), [("", "No instances yet"), ("match", "Nothing matches"), ("permission", "You may not see this")]
)
def test_empty_list_is_never_an_empty_table(page, kind, wanted):
    empty = {"kind": kind, "title": "" if kind else "No instances yet", "clear_url": "?"}
    tree = page("components/table.html", table=samples.InstanceTable([]), list_id="list", empty=empty)
    assert not tree.css("table")
    assert wanted in texts(tree.css("h2"))


def test_field_ties_label_help_and_error_together(page):
    form = samples.InstanceForm({"name": ""})
    form.is_valid()
    tree = page("components/form_field.html", field=form["name"])
    field = tree.css("input")[0]
    assert tree.css("label")[0].get("for") == field.get("id")
    assert field.get("aria-invalid") == "true"
    for target in field.get("aria-describedby").split():
        assert tree.get_element_by_id(target).text_content().strip()


def test_error_summary_links_to_the_fields(page):
    form = samples.InstanceForm({"name": ""})
    form.is_valid()
    tree = page("components/form.html", form=form)
    links = tree.css("[data-error-summary] a")
    assert len(links) == 2
    for link in links:
        tree.get_element_by_id(link.get("href").removeprefix("#"))


@pytest.mark.parametrize("name", ["name", "zone", "user_data", "start", "image"])
def test_every_kind_of_field_is_labelled(page, name):
    tree = page("components/form_field.html", field=samples.InstanceForm()[name])
    for control in tree.css("input, select, textarea"):
        assert tree.css(f"label[for='{control.get('id')}']")


def test_choice_cards(page):
    tree = page(
        "components/choice_cards.html", field=samples.InstanceForm({"image": "2"})["image"], options=samples.FLAVORS
    )
    radios = tree.css("input[type=radio]")
    assert [radio.get("value") for radio in radios if radio.get("checked") is not None] == ["2"]
    assert [radio.get("disabled") is not None for radio in radios] == [False, False, True]
    assert "More than the quota has left" in tree.text_content()
    assert json.loads(radios[0].get("data-cost")) == {"vcpus": 1, "ram_mib": 128}


def test_quota_bar_has_a_name_and_text(page):
    for quota in samples.QUOTAS:
        tree = page("components/quota_bar.html", quota=quota)
        for bar in tree.css("progress"):
            assert tree.get_element_by_id(bar.get("aria-labelledby")).text_content().strip() == quota["label"]
    assert "No limit" in page("components/quota_bar.html", quota=samples.QUOTAS[-1]).text_content()


def test_tasks(page):
    tree = page("components/task_list.html", tasks=samples.tasks())
    items = texts(tree.css(".task"))
    assert "Step 2 of 4: disks" in items[0] and "Cancel" in items[0]
    assert "not enough memory" in items[1] and "01J9Z6" in items[1] and "Retry" in items[1]
    assert tree.css("progress")[0].get("value") == "45"
    assert "Nothing has been done" in page("components/task_list.html", tasks=[]).text_content()


def test_chart_holds_its_data_and_a_summary(page):
    tree = page("components/chart.html", id="cpu", region="instance.metrics:1", title="CPU", chart=samples.chart())
    assert len(json.loads(tree.css("script")[0].text)["points"]) == 120
    assert tree.css("[data-chart-summary]") and tree.css("details table caption")


@pytest.mark.parametrize("kind", ["serial", "vnc"])
def test_console(page, kind):
    tree = page("components/console.html", kind=kind, ticket_url="/ticket/", label="web-1")
    box = tree.css("[data-console]")[0]
    assert box.get("data-ticket-url") == "/ticket/"
    assert tree.get_element_by_id(box.get("aria-describedby"))
    assert tree.css("[data-console-state]")[0].get("role") == "status"


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        (ui.size(512), "512 B"),
        (ui.size(1536), "1.5 KiB"),
        (ui.mib(512), "512 MiB"),
        (ui.mib(2048), "2 GiB"),
        (ui.gib(None), "-"),
        (ui.rate(0), "0 B/s"),
        (ui.percent(12.34), "12.3 %"),
        (ui.duration(3725), "1 h 2 min"),
        (ui.dash(0), 0),
        (ui.dash(""), "-"),
        (ui.initials("ada.lovelace"), "AL"),
    ],
)
def test_units(shown, wanted):
    assert (shown.replace("\N{NO-BREAK SPACE}", " ") if isinstance(shown, str) else shown) == wanted


def test_relative_time_has_the_absolute_one_too():
    markup = ui.relative_time(samples.NOW)
    assert 'class="rel"' in markup and "datetime=" in markup and "title=" in markup
    assert ui.relative_time(None) == "-"
