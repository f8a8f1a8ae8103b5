"""Fixtures of the compliance checks, and their table at the end."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from testinfra.host import Host

from tests.compliance.controls import CONTROLS
from tests.compliance.live import Container
from tests.compliance.report import Report

GATEWAY, SANDBOX = "picoclaw", "picoclaw-sandbox"
REPORT = pytest.StashKey[Report]()
READ = pytest.StashKey[dict[str, dict[str, Container]]]()


def pytest_configure(config: pytest.Config) -> None:
    """Make room for the results."""
    config.addinivalue_line("markers", "control(id): the row of the README's hardening table that a check proves")
    config.stash[REPORT] = Report()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a check that belongs to no control: it would be missing from the table."""
    for item in items:
        if "compliance" in item.path.parts and _control(item) not in CONTROLS:
            raise pytest.UsageError(f"{item.nodeid} names no control of tests/compliance/controls.py")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count a check under its control."""
    result = yield
    counts = call.when == "call" or result.outcome != "passed"
    if counts and call.when != "teardown" and (control := _control(item)):
        why = str(call.excinfo.value).splitlines()[0][:160] if call.excinfo else ""
        item.config.stash[REPORT].add(control, result.outcome, f"{item.name}: {why}")
    return result


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table."""
    report = config.stash[REPORT]
    if any(row.outcome != "skipped" for row in report.rows.values()):
        terminalreporter.section("hardening")
        for line in report.lines():
            terminalreporter.write_line(line)


def _control(item: pytest.Item) -> str | None:
    marker = item.get_closest_marker("control")
    return str(marker.args[0]) if marker else None


@pytest.fixture
def containers(host: Host, pytestconfig: pytest.Config) -> dict[str, Container]:
    """The product's containers on a host, each read once a run."""
    read = pytestconfig.stash.setdefault(READ, {})
    return read.setdefault(host.backend.get_pytest_id(), {name: Container(host, name) for name in (GATEWAY, SANDBOX)})


@pytest.fixture(params=[GATEWAY, SANDBOX])
def container(request: pytest.FixtureRequest, containers: dict[str, Container]) -> Container:
    """Each container in turn."""
    return containers[request.param]


@pytest.fixture
def gateway(containers: dict[str, Container]) -> Container:
    """The container with the network and the secrets."""
    return containers[GATEWAY]


@pytest.fixture
def sandbox(containers: dict[str, Container]) -> Container:
    """The container that runs the model's commands."""
    return containers[SANDBOX]
