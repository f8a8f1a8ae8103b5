"""The proof of the proof: every control is taken away once on the live host, and exactly its checks fail.

After each, `pyinfra inventory deploy.py` repairs the host. That it did is shown by the next mutation, which must be the
only thing found, and by the last test: all is green.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import testinfra

from tests.compliance.checking import Expect, Mismatch
from tests.compliance.controls import CONTROLS
from tests.compliance.live import SANDBOX, Live
from tests.compliance.reading import read
from tests.compliance.test_privileges import test_apparmor_is_enforced as check_apparmor
from tests.e2e.mutations import MUTATIONS, Mutation, Specs
from tests.e2e.verification import Verification, verify
from tests.stack import Stack
from tests.weakened import deployed

# Shown below by other means: the lab host has no AppArmor, and what only informs cannot fail.
ELSEWHERE = {"apparmor", *(control.id for control in CONTROLS.values() if control.informs)}
DAEMON = "/etc/docker/daemon.json"


def test_every_control_has_a_mutation() -> None:
    alone = {mutation.control for mutation in MUTATIONS if not mutation.also}
    assert alone | ELSEWHERE == set(CONTROLS)
    assert all(mutation.why for mutation in MUTATIONS if mutation.also)


def test_every_control_holds(stack: Stack) -> None:
    assert_green(verify(stack))


@pytest.fixture
def specs(stack: Stack) -> Specs:
    """What the deploy has made the containers from."""
    return deployed(stack)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[mutation.name for mutation in MUTATIONS])
def test_exactly_this_control_fails(stack: Stack, specs: Specs, mutation: Mutation) -> None:
    assert_exactly_its_control_fails(stack, specs, mutation)


def assert_exactly_its_control_fails(stack: Stack, specs: Specs, mutation: Mutation, *options: str) -> None:
    """Weaken the host, look, and let the deploy repair it."""
    stack.lab.ssh(mutation.script(specs), check=True)
    try:
        found = verify(stack)
    finally:
        if mutation.undo:
            stack.lab.ssh(mutation.undo, check=True)
        repaired = stack.deploy("-y", *options)
    assert repaired.returncode == 0, repaired.stdout
    assert found.failed == mutation.fails, found.output
    assert found.exit_code == 1


def test_all_is_green_again(stack: Stack) -> None:
    assert_green(verify(stack))
    assert stack.planned_changes() == []


def assert_green(found: Verification) -> None:
    assert found.failed == set(), found.output
    assert found.exit_code == 0, found.output
    assert {check["control"] for check in found.checks} == set(CONTROLS)


def test_the_daemons_settings_are_told(stack: Stack) -> None:
    before = verify(stack).seen("daemon")
    try:
        stack.lab.ssh(f"""echo '{{"live-restore": true}}' > {DAEMON}""", check=True)
        after = verify(stack)
    finally:
        stack.lab.ssh(f"rm {DAEMON}", check=True)
    assert_green(after)
    assert [told for told in after.seen("daemon") if told not in before] == ["live-restore: true"]


@pytest.fixture
def live(stack: Stack) -> Live:
    """The lab host as the checks see it."""
    return read(testinfra.get_host(stack.environment["PICOCLAW_TESTINFRA_HOSTS"]))


@pytest.mark.parametrize(("profile", "holds"), [("docker-default (enforce)", True), ("unconfined", False)])
def test_apparmor_on_a_host_that_has_it(live: Live, profile: str, holds: bool) -> None:
    """What was read from the lab host, as a kernel with AppArmor would have said it."""
    container = live.containers[SANDBOX]
    for process in container.processes:
        process.files["attr/current"] = [profile]
    host = replace(live, facts={**live.facts, "apparmor": "Y"}, docker={"SecurityOptions": ["name=apparmor"]})
    if holds:
        check_apparmor(host, container, Expect())
    else:
        with pytest.raises(Mismatch):
            check_apparmor(host, container, Expect())


# As runc looks from `docker exec` until it has given its power away, and for longer.
_ENTERING = """
mkfifo /run/entering
for procs in /sys/fs/cgroup/pids/docker/$id/cgroup.procs /sys/fs/cgroup/system.slice/docker-$id.scope/cgroup.procs; do
    [ -e "$procs" ] && break
done
export procs
while [ -e /run/entering ]; do
    bash -c 'echo "runc:[2:INIT]" > /proc/$$/comm; echo $$ > "$procs"; read -rt 1 <> /run/entering'
done > /dev/null 2>&1 < /dev/null &
"""


def test_who_is_on_the_way_into_a_container_is_no_weakness(stack: Stack) -> None:
    stack.lab.ssh(f"id={stack.inspect('picoclaw-sandbox')['Id']}\n{_ENTERING}", check=True)
    try:
        found = verify(stack)
    finally:
        stack.lab.ssh("rm /run/entering", check=True)
    assert found.failed == set(), found.output
