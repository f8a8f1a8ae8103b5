"""What pyinfra's dry run says of a host."""

from __future__ import annotations

import json

import pytest

from agent.operator.look.drift import of_plan
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
