"""picoclaw-llm, where a model needs it: confined, proven and repaired as the others are, and gone when none does."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import replace

import pytest
import testinfra

from tests import litellm_box
from tests.compliance.checking import Expect, Mismatch
from tests.compliance.live import Live
from tests.compliance.reading import read
from tests.compliance.test_supply import test_litellm_is_there_only_when_needed as check_litellm
from tests.e2e.mutations import LLM_MUTATIONS, Mutation
from tests.e2e.test_confinement import TWO_ROWS, WEAKENED, assert_every_control_is_in_force, look
from tests.e2e.test_mutations import assert_exactly_its_control_fails, assert_green
from tests.e2e.verification import verify
from tests.litellm_box import LLM
from tests.stack import GATEWAY, SANDBOX, Stack
from tests.weakened import create_arguments, deployed

# What the self-check looks at in this container alone: its memory, its place to write, its network.
OWN_ROWS = ("memory", "network", "writable", "tmp")


@pytest.fixture(scope="module")
def translated(fresh: Stack, first_deploy: str) -> Iterator[Stack]:
    """A host with the third container."""
    assert first_deploy
    with litellm_box.deployed(fresh, **litellm_box.model("anthropic")):
        yield fresh


@pytest.fixture
def stack(translated: Stack) -> Stack:
    """It, answering, with stand-ins that remember nothing."""
    translated.wait_ready()
    translated.fakes.reset()
    return translated


def test_every_control_holds_for_three(stack: Stack) -> None:
    found = verify(stack)
    assert_green(found)
    checks = {name: {c["control"] for c in found.checks if c["container"] == name} for name in (GATEWAY, SANDBOX, LLM)}
    assert checks[LLM] >= checks[SANDBOX], "a control that is not looked at in the third container"


def test_it_confines_itself(stack: Stack) -> None:
    assert_every_control_is_in_force(stack, LLM)
    weakened = {name: look(stack, LLM, *_change(name)) for name in OWN_ROWS}
    assert weakened == {name: {name} for name in OWN_ROWS}
    for name in ("read-only", "docker-socket"):
        change, both = TWO_ROWS[name]
        assert look(stack, LLM, *change) == both


def _change(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    more = ("--memory=320m", "--memory-swap=320m")
    return (WEAKENED[name][0], more) if name == "memory" else WEAKENED[name]


def test_a_weaker_one_says_so_and_does_not_serve(stack: Stack) -> None:
    """In Docker's words, in its log, and in the chat."""
    words = shlex.join([*create_arguments(deployed(stack)[LLM], ("--cap-drop",), ("--health-interval=1s",))])
    stack.lab.ssh(f"docker rm --force {LLM} && docker create {words} && docker start {LLM}", check=True)
    try:
        stack.wait_for(
            lambda: "capabilities" in json.dumps(stack.inspect(LLM)["State"]["Health"]["Log"]),
            20,
            lambda: json.dumps(stack.inspect(LLM)["State"]),
        )
        assert stack.inspect(LLM)["State"]["Status"] == "running", "a restart loop would help nobody"
        assert stack.logs(LLM).count("\n") == 1, stack.logs(LLM)
        said = stack.ask("hello", timeout=30)
        assert LLM in said, said
        assert "capabilities" in said, said
        assert stack.fakes.llm_requests() == []
    finally:
        repaired = stack.deploy("-y")
    assert repaired.returncode == 0, repaired.stdout
    stack.fakes.script("it serves again")
    assert stack.ask("hello", timeout=60) == "it serves again"


@pytest.mark.parametrize("mutation", LLM_MUTATIONS, ids=[mutation.name for mutation in LLM_MUTATIONS])
def test_exactly_this_control_fails(stack: Stack, mutation: Mutation) -> None:
    assert all(mutation.why for mutation in LLM_MUTATIONS if mutation.also)
    assert_exactly_its_control_fails(stack, deployed(stack), mutation, *litellm_box.UNASKED)


def test_all_is_green_again(stack: Stack) -> None:
    assert_green(verify(stack))
    assert stack.planned_changes() == []


@pytest.fixture
def live(stack: Stack) -> Live:
    """The lab host as the checks see it."""
    return read(testinfra.get_host(stack.environment["PICOCLAW_TESTINFRA_HOSTS"]))


def test_one_that_nobody_needs_is_noticed(live: Live) -> None:
    check_litellm(live, Expect())
    with pytest.raises(Mismatch):
        check_litellm(replace(live, config={"llm": {"provider": "openrouter"}}), Expect())
