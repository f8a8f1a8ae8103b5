"""Fixtures of the compliance checks, and their reports at the end."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from testinfra.host import Host

from tests.compliance.checking import Check, Expect
from tests.compliance.controls import CONTROLS
from tests.compliance.live import GATEWAY, LLM, SANDBOX, Container, Live, Unfit
from tests.compliance.page import page
from tests.compliance.reading import Reading
from tests.compliance.results import Report, Result
from tests.compliance.table import PAGE, table
from tests.compliance.words import LANGUAGES

REPORT = pytest.StashKey[Report]()
READING = pytest.StashKey[Reading]()
EXPECT = pytest.StashKey[Expect]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The reports that `make verify` offers."""
    group = parser.getgroup("hardening")
    group.addoption("--lang", choices=LANGUAGES, default=_own_language(), help="language of the table and the page")
    group.addoption("--html", type=Path, help="write a page for people to this file")


def _own_language() -> str:
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "pl" if locale.startswith("pl") else "en"


def pytest_configure(config: pytest.Config) -> None:
    """Make room for the results."""
    config.stash[REPORT] = Report()
    config.stash[READING] = Reading()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin to read all hosts. Refuse a check that belongs to no control: it would be missing from the table."""
    checks = [item for item in items if "compliance" in item.path.parts and "unit" not in item.path.parts]
    for item in checks:
        head = _head(item)
        if head is None or head.control not in CONTROLS:
            raise pytest.UsageError(f"{item.nodeid} names no control of tests/compliance/controls.py")
    if not config.option.collectonly:
        reading = config.stash[READING]
        reading.begin(_host(item) for item in checks)
        absent = [item for item in checks if _container(item) == LLM and not reading.has(_host(item), LLM)]
        config.hook.pytest_deselected(items=absent)
        items[:] = [item for item in items if item not in absent]


def _host(item: pytest.Item) -> Host:
    host: Host = item.callspec.params["_testinfra_host"]  # type: ignore[attr-defined]
    return host


def _container(item: pytest.Item) -> str:
    params = item.callspec.params  # type: ignore[attr-defined]
    return str(params.get("container") or params.get("offline") or "")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count a check under its control, and put its words into the JUnit file."""
    report = yield
    head = _head(item)
    if head is None or (call.when != "call" and report.passed):
        return report
    error = call.excinfo.value if call.excinfo else None
    expect = item.stash.get(EXPECT, Expect())
    result = Result(
        host=_host(item).backend.get_pytest_id(),
        check=head,
        container=_container(item),
        outcome="information" if head.kind == "information" and report.passed else report.outcome,
        expected=expect.expected,
        seen=expect.seen,
        reason=expect.reason,
        error="" if error is None else str(error) or type(error).__name__,
        unfit=isinstance(error, Unfit),
    )
    item.config.stash[REPORT].add(result)
    item.user_properties.extend(result.properties())  # JUnit takes them from the item when it is torn down
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table, write the page."""
    report = config.stash[REPORT]
    if not report.results:
        return
    report.hosts = config.stash[READING].results()
    for line in table(report, config.option.lang):
        terminalreporter.write_line(line)
    if config.option.html is not None:
        config.option.html.parent.mkdir(parents=True, exist_ok=True)
        config.option.html.write_text(page(report, config.option.lang), encoding="utf-8")
        terminalreporter.write_line(f"\n   {PAGE.to(config.option.lang)}: {config.option.html}")


def _head(item: pytest.Item) -> Check | None:
    marker = item.get_closest_marker("check")
    return marker.args[0] if marker else None


@pytest.fixture
def live(host: Host, pytestconfig: pytest.Config) -> Live:
    """The host."""
    return pytestconfig.stash[READING].of(host)


@pytest.fixture
def expect(request: pytest.FixtureRequest) -> Expect:
    """What the check expects and sees."""
    expected: Expect = request.node.stash.setdefault(EXPECT, Expect())
    return expected


@pytest.fixture(params=[GATEWAY, SANDBOX, LLM])
def container(request: pytest.FixtureRequest, live: Live) -> Container:
    """Each container in turn, those of which there is none left out."""
    return live.containers[request.param]


@pytest.fixture(params=[SANDBOX, LLM])
def offline(request: pytest.FixtureRequest, live: Live) -> Container:
    """Each container that has neither a network nor the configuration."""
    return live.containers[request.param]


@pytest.fixture
def gateway(live: Live) -> Container:
    """The container with the network and the secrets."""
    return live.containers[GATEWAY]


@pytest.fixture
def sandbox(live: Live) -> Container:
    """The container that runs the model's commands."""
    return live.containers[SANDBOX]
