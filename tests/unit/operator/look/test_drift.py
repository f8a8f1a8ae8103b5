"""What pyinfra's dry run says of a host."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.operator import reach
from agent.operator.look.drift import drift, of_plan
from agent.operator.look.seen import Drift


def plan(*changed: str) -> str:
    operations = {"storage | Volumes": [], "containers | Container picoclaw": list(changed)}
    return json.dumps({"plan": [{"name": name, "hosts_with_change": hosts} for name, hosts in operations.items()]})


def test_only_this_hosts_changes_count() -> None:
    assert of_plan(plan("mikrus", "other"), "", 0, "mikrus") == Drift(changes=("containers | Container picoclaw",))
    assert of_plan(plan("other"), "", 0, "mikrus") == Drift()


@pytest.mark.parametrize(("output", "code"), [("", 1), ("not json", 0), ('{"plan": []}', 0), ("[]", 0), (plan(), 1)])
def test_no_plan_is_no_answer(output: str, code: int) -> None:
    errors = "--> Loading config...\n    [mikrus] llm.modle is not a known key\n--> Disconnecting from hosts...\n"
    assert of_plan(output, errors, code, "mikrus") == Drift(problem="[mikrus] llm.modle is not a known key")


def test_the_plan_is_asked_for_in_the_language_that_is_spoken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pyinfra = tmp_path / "pyinfra"
    plan = '{\\"plan\\": [{\\"name\\": \\"$PICOCLAW_LANG\\", \\"hosts_with_change\\": [\\"mikrus\\"]}]}'
    pyinfra.write_text(f'#!/bin/sh\necho "{plan}"\n')
    pyinfra.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))

    assert drift("mikrus", "pl", tmp_path) == Drift(changes=("pl",))
    assert drift("mikrus", "en", tmp_path) == Drift(changes=("en",))


def test_so_is_the_inventory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hosts.json").write_text("[]")
    monkeypatch.setenv("PICOCLAW_HOSTS_FILE", str(tmp_path / "hosts.json"))

    with pytest.raises(ConfigError, match=r"hosts\.json musi zawierać"):
        reach.read_inventory("pl")
