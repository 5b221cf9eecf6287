"""Sample data for the shell and the components: what a page hands to the templates."""

import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import django_tables2 as tables
from django import forms

from console.core.templatetags import ui

NOW = datetime.now(UTC)

RUNNING = {"label": "Running", "tone": "green"}
STOPPED = {"label": "Stopped", "tone": "grey"}
BUILDING = {"label": "Building: disks", "tone": "azure", "busy": True}
FAILED = {"label": "Error", "tone": "red", "title": "The host refused to start it"}
UNKNOWN = {"label": "Unknown", "tone": "unknown", "title": "Last seen 4 min ago"}
PAUSED = {"label": "Paused", "tone": "yellow"}
RESTART = {"label": "Restart pending", "tone": "orange"}
PILLS = [RUNNING, STOPPED, BUILDING, FAILED, UNKNOWN, PAUSED, RESTART]


def nav():
    """Return the sidebar of a member of staff."""

    def item(label, icon, active=False):
        return {"label": label, "url": f"/{label.lower().replace(' ', '-')}/", "icon": icon, "active": active}

    return [
        {"label": "", "items": [item("Overview", icon="layout-dashboard")]},
        {
            "label": "Compute",
            "items": [
                item("Instances", icon="server", active=True),
                item("Images", icon="disc"),
                item("Key pairs", icon="key"),
            ],
        },
        {"label": "Activity", "items": [item("Operations", icon="list-details"), item("Audit", icon="history")]},
        {
            "label": "Project",
            "items": [
                item("Members", icon="users"),
                item("Quotas", icon="gauge"),
                item("API access", icon="api"),
            ],
        },
        {
            "label": "Infrastructure",
            "items": [
                item("Hosts", icon="server-2"),
                item("All instances", icon="stack-2"),
                item("Unmanaged domains", icon="help-hexagon"),
                item("Flavors", icon="ruler-2"),
                item("Projects", icon="folders"),
                item("Users", icon="user-cog"),
            ],
        },
    ]


def row_actions(name):
    """Return a row menu: a verb, a refused verb, one with a confirmation, one with friction."""
    return [
        {"label": "Start", "icon": "player-play", "url": f"/i/{name}/start/", "disabled": "It is running already"},
        {
            "label": "Stop",
            "icon": "player-stop",
            "url": f"/i/{name}/stop/",
            "confirm": {"title": f"Stop {name}?", "text": "The guest is asked to shut down.", "button": "Stop"},
        },
        {"label": "Console", "icon": "terminal-2", "url": f"/i/{name}/console/", "method": "get"},
        {
            "label": "Delete",
            "icon": "trash",
            "url": f"/i/{name}/delete/",
            "danger": True,
            "divider": True,
            "confirm": {
                "title": f"Delete instance {name}",
                "text": "Its root disk is deleted with it.",
                "type": "name",
                "expect": name,
                "button": "Delete instance",
            },
        },
    ]


class InstanceTable(tables.Table):
    """A table as an app would define it."""

    select = tables.TemplateColumn(template_name="components/cells/select.html", orderable=False, empty_values=())
    name = tables.Column(attrs={"td": {"class": "col-name"}})
    status = tables.Column(attrs={"td": {"class": "col-tight"}})
    addresses = tables.Column(orderable=False)
    flavor = tables.Column()
    cpu = tables.Column(verbose_name="CPU", orderable=False, empty_values=())
    created = tables.Column(attrs={"td": {"class": "col-tight"}})
    actions = tables.Column(orderable=False, empty_values=())

    class Meta:
        row_attrs = {
            "id": lambda record: f"instance-row-{record.pk}",
            "data-live": lambda record: f"instance.row:{record.pk}",
            "data-live-gone": "strike",
        }

    def render_name(self, value):
        return ui.format_html('<a href="/i/{}/">{}</a>', value, value)

    def render_status(self, value):
        return ui.status_pill(value)

    def render_created(self, value):
        return ui.relative_time(value)

    def render_cpu(self, value):
        return ui.percent(value)

    def render_actions(self, record):
        return ui.action_menu(f"menu-{record.pk}", row_actions(record.name), label=f"Actions for {record.name}")


def instances():
    """Return a page of instances in every state."""
    names = ["web-1", "web-2", "db-primary", "db-replica", "build-runner", "gitlab", "a-rather-long-name-for-a-host"]
    return [
        SimpleNamespace(
            pk=f"0000{index}",
            name=name,
            status=PILLS[index % len(PILLS)],
            addresses=f"192.168.122.{10 + index}",
            flavor="small (1 vCPU, 1 GiB)",
            cpu=index * 13.7,
            created=NOW - timedelta(minutes=3**index),
        )
        for index, name in enumerate(names)
    ]


def bulk_actions():
    """Return the buttons of the bulk bar."""
    return [
        {"label": "Start", "icon": "player-play", "url": "/bulk/start/"},
        {
            "label": "Delete",
            "icon": "trash",
            "url": "/bulk/delete/",
            "danger": True,
            "confirm": {"title": "Delete {n} instances", "type": "count", "button": "Delete instances"},
        },
    ]


def tasks():
    """Return a running, a failed and a finished task."""
    return [
        SimpleNamespace(
            id="1",
            title="Create instance web-2",
            url="/operations/1/",
            pill={"label": "Running", "tone": "azure", "busy": True},
            running=True,
            step=2,
            steps=4,
            step_label="disks",
            progress=45,
            started_at=NOW - timedelta(seconds=12),
            finished_at=None,
            seconds=12,
            actor="ada",
            cancel={"label": "Cancel", "icon": "x", "url": "/operations/1/cancel/"},
            retry=None,
            error=None,
        ),
        SimpleNamespace(
            id="2",
            title="Start instance db-primary",
            url="/operations/2/",
            pill={"label": "Failed", "tone": "red"},
            running=False,
            step=1,
            steps=1,
            step_label="",
            progress=None,
            started_at=NOW,
            finished_at=NOW - timedelta(minutes=4),
            seconds=3,
            actor="ada",
            cancel=None,
            retry={"label": "Retry", "icon": "refresh", "url": "/operations/2/retry/"},
            error={
                "message": "The host has not enough memory.",
                "hint": "Stop another instance or choose a smaller flavor.",
                "request_id": "01J9Z6",
            },
        ),
        SimpleNamespace(
            id="3",
            title="Delete instance old",
            url="",
            pill={"label": "Done", "tone": "green"},
            running=False,
            step=3,
            steps=3,
            step_label="",
            progress=100,
            started_at=NOW,
            finished_at=NOW - timedelta(hours=2),
            seconds=75,
            actor="grace",
            cancel=None,
            retry=None,
            error=None,
        ),
    ]


class InstanceForm(forms.Form):
    """A form with every kind of field."""

    name = forms.CharField(help_text="Letters, digits and hyphens.")
    image = forms.ChoiceField(choices=[("1", "Tiny"), ("2", "Debian 12")], widget=forms.RadioSelect)
    zone = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], required=False)
    user_data = forms.CharField(widget=forms.Textarea, required=False)
    start = forms.BooleanField(required=False, label="Start it when it is ready")


FLAVORS = [
    {"value": "1", "label": "tiny", "hint": "1 vCPU, 128 MiB", "cost": '{"vcpus": 1, "ram_mib": 128}', "icon": "cpu"},
    {"value": "2", "label": "small", "hint": "1 vCPU, 1 GiB", "cost": '{"vcpus": 1, "ram_mib": 1024}'},
    {"value": "3", "label": "huge", "hint": "32 vCPU, 64 GiB", "disabled": "More than the quota has left"},
]

QUOTAS = [
    {"key": "instances", "label": "Instances", "used": 7, "limit": 20},
    {"key": "vcpus", "label": "vCPUs", "used": 15, "limit": 16},
    {"key": "ram_mib", "label": "RAM", "used": 6144, "limit": 16384, "unit": "mib"},
    {"key": "volumes", "label": "Volumes", "used": 3, "limit": None},
]


def chart(spark=False):
    """Return the data of a chart: ten minutes of samples."""
    start = int(time.time()) - 600
    points = [{"t": start + 5 * n, "cpu": 30 + (n * 37 % 23), "steal": n % 7} for n in range(120)]
    series = [{"key": "cpu", "label": "CPU"}] + ([] if spark else [{"key": "steal", "label": "Steal"}])
    return {"unit": "percent", "series": series, "points": points, "window": 600, "spark": spark, "max": 100}


def shell():
    """Return what every page's context holds."""
    return {
        "nav": nav(),
        "projects": [
            {"name": "demo", "url": "/p/demo/", "active": True},
            {"name": "a-much-longer-project-name", "url": "/p/other/", "active": False},
        ],
        "project_slug": "demo",
        "task_count": 2,
        "operations_url": "/p/demo/operations/",
        "scope_banner": "",
        "home_url": "/",
    }
