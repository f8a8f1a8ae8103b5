"""What every case shares: the attacker, the look around after each case, the table at the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.hostile.attacker import Attacker
from tests.stack import Stack

AS_IT_IS = "PICOCLAW_AS_IT_IS"  # for a lab that was weakened on purpose: do not deploy first
_CLEAN_UP = "find /workspace /tmp /dev/shm -mindepth 1 -delete; kill -9 -1"


def pytest_configure(config: pytest.Config) -> None:
    """The marks of these tests."""
    for mark in (
        "restarts(container, why): the case ends that container's processes, and that is right because of why",
        "resolves(name): the case has the gateway look that name up, which its owner allowed",
    ):
        config.addinivalue_line("markers", mark)


@dataclass
class _Battlefield:
    """How things stood after the case before."""

    attacker: Attacker
    lives: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    fit: bool = False

    def settle(self) -> None:
        """Wait until the bot is well, whatever the case before did."""
        if not self.fit:
            self.attacker.stack.wait_ready()
            self.lives, self.outside = self.attacker.lives(), self.attacker.outside()
        self.fit = False

    def look_around(self, restarted: set[str], resolved: set[str]) -> None:
        """Assert what must hold after each case, and clean up."""
        self.attacker.assert_answering(then=_CLEAN_UP)
        lives = self.attacker.lives()
        died = {new.split()[0].strip("/") for old, new in zip(self.lives, lives, strict=True) if old != new}
        self.lives = lives
        assert died == restarted, f"restarted: {died or 'none'}, expected: {restarted or 'none'}"
        before = set(self.outside)
        self.outside = self.attacker.outside()
        expected = [f'"name": "{name}"' for name in resolved]
        got_out = [line for line in self.outside if line not in before and not any(one in line for one in expected)]
        assert not got_out, "something got out"
        self.fit = True


@pytest.fixture(scope="session")
def _battlefield(fresh: Stack, request: pytest.FixtureRequest) -> _Battlefield:
    if not os.environ.get(AS_IT_IS):
        request.getfixturevalue("first_deploy")
    return _Battlefield(Attacker(fresh))


@pytest.fixture
def attacker(_battlefield: _Battlefield, request: pytest.FixtureRequest) -> Iterator[Attacker]:
    """The hostile model; afterwards the bot must be as well as before, and nothing may have got out."""
    attacker = _battlefield.attacker
    _battlefield.settle()
    attacker.forget()
    yield attacker
    named = {mark: {one.args[0] for one in request.node.iter_markers(mark)} for mark in ("restarts", "resolves")}
    _battlefield.look_around(named["restarts"], named["resolves"])


@pytest.fixture(scope="session")
def redeployed(_battlefield: _Battlefield) -> Callable[[], None]:
    """To be called by who has had the product made anew, so that the next case does not take it for a crash."""

    def say() -> None:
        _battlefield.fit = False

    return say


@pytest.fixture(scope="module")
def allow_hosts(
    _battlefield: _Battlefield, redeployed: Callable[[], None], request: pytest.FixtureRequest
) -> Iterator[None]:
    """The owner's allow-list, by indirect parametrization."""
    stack = _battlefield.attacker.stack
    with stack.edited_config(sandbox={"allow_hosts": request.param}):
        stack.wait_ready()
        redeployed()
        yield
    redeployed()


@pytest.fixture(scope="module")
def seeing(_battlefield: _Battlefield, redeployed: Callable[[], None]) -> Iterator[None]:
    """A model that looks at pictures."""
    stack = _battlefield.attacker.stack
    with stack.edited_config(llm={"vision": True}):
        stack.wait_ready()
        redeployed()
        yield
    redeployed()


@dataclass
class _Group:
    cases: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    seconds: float = 0.0

    def row(self, name: str) -> str:
        held = len(self.cases) - len(self.failed)
        return f"{name:20}{len(self.cases):>6}{held:>9}{self.seconds:>9.1f} s"


_groups: dict[str, _Group] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Collect for the table."""
    module = report.nodeid.split("::")[0]
    if "tests/hostile/" not in module or report.skipped:
        return
    group = _groups.setdefault(module.rpartition("/test_")[2].removesuffix(".py"), _Group())
    group.cases.add(report.nodeid)
    group.seconds += report.duration
    if report.failed:
        group.failed.add(report.nodeid)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table of groups, and the one line that the owner looks for."""
    if not _groups:
        return
    terminalreporter.section("hostile commands")
    terminalreporter.line(f"{'group':20}{'cases':>6}{'refused':>9}{'time':>11}")
    for name, group in _groups.items():
        terminalreporter.line(group.row(name))
    cases = sum(len(group.cases) for group in _groups.values())
    refused = cases - sum(len(group.failed) for group in _groups.values())
    seconds = sum(group.seconds for group in _groups.values())
    terminalreporter.line(f"hostile: {cases} cases, {refused} refused, {seconds:.0f} s")
