"""The OpenAPI schema: valid, kept in the repository, and true to what is served."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, get_resolver

from tests import factories
from tests.api.conftest import World, run_all

KEPT = Path(settings.BASE_DIR) / "docs" / "openapi-v1.yaml"


def test_the_schema_is_kept(tmp_path: Path) -> None:
    """Make it anew with `manage.py spectacular --validate --fail-on-warn --file docs/openapi-v1.yaml`."""
    fresh = tmp_path / "schema.yaml"
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(fresh))
    assert fresh.read_text() == KEPT.read_text()


def schema() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(KEPT.read_text())
    return found


def test_every_route_and_method_is_described() -> None:
    described = {(path, verb) for path, verbs in schema()["paths"].items() for verb in verbs}
    api = next(entry for entry in get_resolver().url_patterns if getattr(entry, "namespace", "") == "api")
    served = set()
    for pattern in api.url_patterns:
        assert isinstance(pattern, URLPattern)
        view = pattern.callback.cls
        if pattern.name in ("schema", "docs"):
            continue
        path = "/api/v1/" + str(pattern.pattern).replace("<uuid:", "{").replace(">", "}")
        served |= {(path, verb) for verb in ("get", "post", "put", "patch", "delete") if hasattr(view, verb)}
    assert described == served


def test_every_answer_has_its_errors() -> None:
    for path, verbs in schema()["paths"].items():
        for verb, operation in verbs.items():
            assert {"401", "403", "422", "default"} <= operation["responses"].keys(), (path, verb)
            for status, answer in operation["responses"].items():
                if status == "default" or int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"], (path, verb, status)
            if verb == "post":
                assert "Idempotency-Key" in {one["name"] for one in operation["parameters"]}, path


def test_served_with_and_without_a_login(world: World) -> None:
    for path in ("/api/v1/schema", "/api/v1/schema/"):
        answer = Client().get(path, headers={"Accept": "application/vnd.oai.openapi+json"})
        assert answer.status_code == 200 and json.loads(answer.content)["openapi"].startswith("3.")


def test_the_page_runs_under_our_policy(db: None) -> None:
    page = Client().get("/api/v1/docs/")
    assert page.status_code == 200
    policy = dict(part.strip().split(" ", 1) for part in page["Content-Security-Policy"].split(";"))
    assert "unsafe-inline" in policy["style-src"] and policy["script-src"] == "'self'"
    text = page.content.decode()
    assert (
        "<script>" not in text and "swagger-ui-bundle.js" in text and "://" not in text.replace("http://testserver", "")
    )
    script = Client().get("/api/v1/docs/?script")
    assert script["Content-Type"] == "application/javascript" and "/api/v1/schema" in script.content.decode()
    assert "unsafe-inline" not in Client().get("/api/v1/schema/")["Content-Security-Policy"]


@pytest.mark.parametrize("role", ["member", "staff"])
def test_what_is_served_fits_the_schema(cloud: World, role: str) -> None:
    """Every list, one row of each, a 202 and a problem, held against the schema."""
    api = cloud.clients[role]
    described = schema()
    factories.instance(cloud.project)
    api.post("keypairs", {"name": "k"})
    body = {"name": "web", "image": str(cloud.image.pk), "flavor": str(cloud.flavor.pk)}
    answers = [("/api/v1/instances", "post", api.post("instances", body))]
    answers.append(("/api/v1/instances", "post", api.post("instances", {**body, "count": 2})))
    answers.append(("/api/v1/instances", "post", api.post("instances", {})))
    answers.append(("/api/v1/keypairs", "post", api.post("keypairs", {"name": "k2"})))
    answers.append(("/api/v1/keypairs", "post", api.post("keypairs", {"name": "k2"})))
    run_all()
    for path in [path for path in described["paths"] if "{" not in path and "get" in described["paths"][path]]:
        listed = api.get(path)
        answers.append((path, "get", listed))
        single = next((other for other in described["paths"] if other.startswith(path + "/{")), None)
        for row in listed.json().get("results", [])[:2] if single else []:
            answers.append((single, "get", api.get(f"{path}/{row['id']}")))
    assert len(answers) > 20
    for path, verb, answer in answers:
        check(described, path, verb, answer)


def check(described: dict[str, Any], path: str, verb: str, answer: Any) -> None:
    responses = described["paths"][path][verb]["responses"]
    wanted = responses[str(answer.status_code)]["content"][answer["Content-Type"].split(";")[0]]["schema"]
    jsonschema.validate(answer.json(), {**strict(wanted), "components": strict(described["components"])})


def strict(node: Any) -> Any:
    """OpenAPI 3.0 as JSON Schema: `nullable` spelled out, nothing beside what is described."""
    if isinstance(node, list):
        return [strict(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    made = {name: strict(inner) for name, inner in node.items() if name != "nullable"}
    if node.get("nullable") is True:
        return {"anyOf": [made, {"type": "null"}]}
    if made.get("type") == "object" and isinstance(made.get("properties"), dict):
        made.setdefault("additionalProperties", False)
    return made
