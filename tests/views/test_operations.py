"""Activity, the page of one operation, the task drawer, and their live regions."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from console.core import regions
from console.core.errors import NotFound
from console.core.scope import Role, Scope
from console.operations.models.operations import Operation, OperationStep, State
from console.operations.presenting import journal
from tests import factories
from tests.views import people
from tests.views.people import HTMX, People

pytestmark = pytest.mark.django_db


@pytest.fixture
def who() -> People:
    return people.make()


def operation(who: People, state: str = State.RUNNING, *, kind: str = "instance.create", **values) -> Operation:
    return Operation.unscoped.create(
        project=values.pop("project", who.project),
        kind=kind,
        state=state,
        target_type="instance",
        target_id=factories.uuid.uuid4(),
        target_name=values.pop("name", "web"),
        actor=who.member,
        step_count=4,
        **values,
    )


def test_the_list_shows_the_project_s_own_and_filters(who: People) -> None:
    operation(who, State.FAILED, name="broken", error_message="No room.", error_code="refused")
    operation(who, State.SUCCEEDED, name="fine")
    operation(who, State.SUCCEEDED, name="foreign", project=factories.project())
    client = who.client("reader")
    everything = client.get(who.url("operations/")).content.decode()
    assert "broken" in everything and "fine" in everything and "foreign" not in everything
    failed = client.get(who.url("operations/?state=failed")).content.decode()
    assert "broken" in failed and "fine" not in failed
    assert "fine" in client.get(who.url("operations/?q=state:succeeded")).content.decode()
    assert "Nothing matches" in client.get(who.url("operations/?q=zzz")).content.decode()
    assert "foreign" in who.client("staff").get("/fleet/operations/").content.decode()


def test_the_page_tells_steps_error_hint_and_request(who: People) -> None:
    row = operation(
        who,
        State.FAILED,
        step="disks_ready",
        step_number=2,
        error_code="refused",
        error_message="The pool is full.",
        error_hint="Free some space.",
        request_id="req-1",
        finished_at=timezone.now(),
    )
    OperationStep.objects.create(operation=row, number=1, name="image_ready", state="undone")
    text = who.client("reader").get(who.url(f"operations/{row.pk}/")).content.decode()
    for words in ("The pool is full.", "Free some space.", "req-1", "taken back", "not begun"):
        assert words in text
    assert [step["state"] for step in journal(row)] == ["undone", "failed", "todo", "todo"]


def test_a_pause_for_a_silent_host_is_told_as_waiting(who: People) -> None:
    row = operation(
        who,
        step="image_ready",
        step_number=1,
        not_before=timezone.now() + datetime.timedelta(minutes=1),
        error_code="host_unavailable",
        error_message="The host does not answer.",
    )
    text = who.client("member").get(who.url(f"operations/{row.pk}/")).content.decode()
    assert "Waiting" in text
    assert "The host does not answer." in text


def test_a_foreign_operation_is_not_there(who: People) -> None:
    row = operation(who, project=factories.project())
    client = who.client("admin")
    assert client.get(who.url(f"operations/{row.pk}/")).status_code == 404
    assert client.post(who.url(f"operations/{row.pk}/cancel/"), **HTMX).status_code == 404
    row.refresh_from_db()
    assert row.state == State.RUNNING


def test_members_cancel_and_readers_do_not(who: People) -> None:
    row = operation(who)
    refused = who.client("reader").post(who.url(f"operations/{row.pk}/cancel/"), **HTMX)
    assert refused.status_code == 403
    row.refresh_from_db()
    assert row.state == State.RUNNING
    assert "This needs the role" in who.client("reader").get(who.url(f"operations/{row.pk}/")).content.decode()
    assert who.client("member").post(who.url(f"operations/{row.pk}/cancel/"), **HTMX).status_code == 200
    row.refresh_from_db()
    assert row.state == State.CANCELLING


def test_what_has_ended_cannot_be_cancelled(who: People) -> None:
    row = operation(who, State.SUCCEEDED)
    answer = who.client("member").post(who.url(f"operations/{row.pk}/cancel/"), **HTMX)
    assert answer.status_code == 409
    assert answer.json()["detail"] == "The operation has ended."
    page = who.client("member").post(who.url(f"operations/{row.pk}/cancel/"))
    assert page.status_code == 409
    assert "The operation has ended." in page.content.decode()


def test_the_drawer_lists_running_first_within_the_walls(who: People) -> None:
    operation(who, State.SUCCEEDED, name="ended")
    operation(who, name="under-way")
    operation(who, name="foreign", project=factories.project())
    text = who.client("member").get(who.url("tasks/")).content.decode()
    assert text.index("under-way") < text.index("ended")
    assert "foreign" not in text
    assert 'data-live="tasks.list"' in text
    assert "foreign" not in who.client("member").get("/tasks/").content.decode()
    assert "foreign" in who.client("staff").get("/tasks/").content.decode()


def test_every_page_counts_what_runs(who: People) -> None:
    operation(who)
    operation(who)
    text = who.client("member").get(who.url("members/")).content.decode()
    assert 'data-live="tasks.count">2<' in text


def test_regions_stay_within_the_viewer_s_walls(who: People) -> None:
    row = operation(who)
    mine = factories.scope(who.project, who.member)
    other = factories.scope(factories.project())
    for name in ("operation", "operation.row"):
        region, argument = regions.find(f"{name}:{row.pk}")
        assert str(row.pk) in region.render(mine, argument)
        assert region.render(other, argument) is None
        assert region.render(mine, "nonsense") is None
    count, _argument = regions.find("tasks.count")
    assert "1<" in count.render(mine, "")
    assert "1<" not in count.render(other, "")


def test_a_scope_of_a_project_that_is_gone_finds_nothing() -> None:
    region, _argument = regions.find("tasks.list")
    scope = Scope(project_id=factories.uuid.uuid4(), user_id=factories.uuid.uuid4(), role=Role.READER)
    with pytest.raises(NotFound):
        region.render(scope, "")
