"""Asking the model at the end of a deploy: only after a start, and a failure names its cause and touches nothing."""

from __future__ import annotations

from typing import Any

import pytest
from pyinfra.api.exceptions import PyinfraError

from roles.common import started
from roles.containers.operations import container
from roles.health import model
from tests.unit.roles import test_container_operation as container_operation
from tests.unit.roles.mutations import SPEC
from tests.unit.roles.pyinfra_run import Run, commands, fake

CHECK = "picoclaw llm check"
LINE = "openrouter anthropic/claude-3.5-sonnet answers in 0.8 s for 0.0001 USD"


def run(answer: dict[str, Any], monkeypatch: pytest.MonkeyPatch, *, anew: bool) -> Run:
    monkeypatch.setattr(model, "started", lambda: {"picoclaw"} if anew else set())
    return fake(model.model_answers, {CHECK: answer}, name="model", container="picoclaw")


def test_nothing_was_started_so_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    made = run({"stdout": [LINE]}, monkeypatch, anew=False).execute()

    assert not made.would_change
    assert commands(made, CHECK) == []


def test_after_a_start_its_line_is_shown(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    made = run({"stdout": [LINE]}, monkeypatch, anew=True).execute()

    assert made.would_change
    (asked,) = commands(made, CHECK)
    assert 'docker exec "$container" picoclaw llm check' in asked
    assert "container=picoclaw" in asked
    assert LINE in caplog.text


def test_no_answer_fails_the_run_with_cause_and_remedy(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = run({"stdout": ["llm.api_key: HTTP 401: No auth"], "success": False}, monkeypatch, anew=True)

    with pytest.raises(PyinfraError):
        made.execute()

    assert "llm.api_key: HTTP 401: No auth" in caplog.text
    assert "picoclaw_check_model = False" in caplog.text
    assert [command for command in commands(made, "docker") if CHECK not in command] == []


def test_silence_is_named(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(PyinfraError):
        run({"stdout": [], "success": False}, monkeypatch, anew=True).execute()

    assert "said nothing within 400 s" in caplog.text


@pytest.mark.parametrize("changed", [0.0, 1795364402.0])
def test_a_container_that_is_made_is_noted(changed: float) -> None:
    made = fake(container, {"docker inspect": {"stdout": [f"changed {changed}", "[]"]}}, name="c", spec=SPEC)
    assert made.would_change
    assert made.host.connector_data["picoclaw_started"] == {SPEC.name}


def test_only_a_container_that_runs_as_it_should_and_was_not_restarted_is_not_noted() -> None:
    right = {"running": set(), "exited": {SPEC.name}, "paused": {SPEC.name}}
    for status, names in right.items():
        assert (
            container_operation.run(container_operation.found(status)).host.connector_data.get(
                "picoclaw_started", set()
            )
            == names
        ), status
    newer = container_operation.run(container_operation.found(), changed=1795364402.0)
    assert newer.host.connector_data["picoclaw_started"] == {SPEC.name}


def test_what_is_noted_is_of_one_host(monkeypatch: pytest.MonkeyPatch) -> None:
    made = run({"stdout": [LINE]}, monkeypatch, anew=True)
    other = run({"stdout": [LINE]}, monkeypatch, anew=True)
    monkeypatch.setattr(started, "host", made.host)
    started.note("picoclaw")
    assert started.started() == {"picoclaw"}
    monkeypatch.setattr(started, "host", other.host)
    assert started.started() == set()
