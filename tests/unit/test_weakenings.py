"""The weakenings of the hostile battery are of the product as it is now, not of an earlier one."""

from __future__ import annotations

from pathlib import Path

import pytest

from roles.containers.specs import sandbox
from tests.hostile.weaken import CONTROLS, MUTANTS, SILENCED, Mutant
from tests.weakened import create_arguments

AGENT = Path(__file__).resolve().parents[2] / "agent"
EVERY_MUTANT = {**MUTANTS, **{f"silenced {container}": mutant for container, mutant in SILENCED.items()}}


@pytest.mark.parametrize("mutant", EVERY_MUTANT.values(), ids=list(EVERY_MUTANT))
def test_what_a_mutant_replaces_stands_in_the_code(mutant: Mutant) -> None:
    code = (AGENT / mutant.file).read_text(encoding="utf-8")
    assert code.count(mutant.old) >= 1
    compile(code.replace(mutant.old, mutant.new), mutant.file, "exec")


@pytest.mark.parametrize("control", CONTROLS)
def test_what_a_weakening_drops_is_an_option_of_the_sandbox(control: str) -> None:
    change = CONTROLS[control]
    usual = create_arguments(sandbox("0"))
    weakened = create_arguments(sandbox("0"), change.drop, change.add)
    assert weakened != usual
    assert weakened[-1] == usual[-1]
    assert not [word for word in weakened if word not in change.add and word not in usual]


def test_an_option_that_is_not_there_cannot_be_dropped() -> None:
    with pytest.raises(ValueError, match="--nothing"):
        create_arguments(sandbox("0"), ("--nothing",))


def test_an_image_of_another_name_takes_its_place() -> None:
    assert create_arguments(sandbox("0"), image="other:1")[-1] == "other:1"
    assert sandbox("0").image not in create_arguments(sandbox("0"), image="other:1")
