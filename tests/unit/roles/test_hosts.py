"""One host's trouble does not end the run for the others."""

from __future__ import annotations

import pytest
from pyinfra.api.config import Config
from pyinfra.api.exceptions import DeployError
from pyinfra.api.host import Host
from pyinfra.api.inventory import Inventory
from pyinfra.api.state import State
from pyinfra.context import ctx_host, ctx_state

from agent.errors import ConfigError
from roles.common.hosts import each_host_on_its_own


def two_hosts() -> tuple[State, Host, Host]:
    inventory = Inventory((["@fake/one", "@fake/two"], {}))  # type: ignore[no-untyped-call]
    state = State(inventory=inventory, config=Config())  # type: ignore[no-untyped-call]
    one, two = inventory
    for host in (one, two):
        state.activate_host(host)
    return state, one, two


@pytest.mark.parametrize("error", [DeployError("first\nsecond"), ConfigError("first\nsecond")])
def test_a_refused_host_is_left_out_and_its_reasons_are_said(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    state, one, two = two_hosts()

    with ctx_state.use(state), ctx_host.use(one), each_host_on_its_own():
        raise error

    assert state.failed_hosts == {one}
    assert state.active_hosts == {two}
    assert [record.getMessage().split("] ")[-1].strip() for record in caplog.records] == ["first", "second"]


def test_a_fault_of_the_deploy_itself_is_not_hidden() -> None:
    state, one, _ = two_hosts()

    with pytest.raises(KeyError), ctx_state.use(state), ctx_host.use(one), each_host_on_its_own():
        raise KeyError("x")

    assert state.failed_hosts == set()
