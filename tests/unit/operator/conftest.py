"""The services that `picoclaw init` asks, as stand-ins."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.operator.live import Services
from tests.fakes import defaults, thread
from tests.fakes.client import FakesClient
from tests.unit.operator.initialising import Init


@pytest.fixture(scope="module")
def running() -> Iterator[FakesClient]:
    with thread.running() as fakes:
        yield fakes


@pytest.fixture
def fakes(running: FakesClient) -> FakesClient:
    running.reset()
    return running


@pytest.fixture
def services(fakes: FakesClient) -> Services:
    at = fakes.ping()
    return Services(
        telegram=at[defaults.TELEGRAM_HOST],
        discord=f"{at[defaults.DISCORD_HOST]}/api/v10",
        slack=f"{at[defaults.SLACK_HOST]}/api",
        providers={
            "openrouter": f"{at[defaults.OPENROUTER_HOST]}/api/v1",
            "openai": f"{at[defaults.OPENAI_HOST]}/v1",
            "anthropic": f"{at[defaults.ANTHROPIC_HOST]}/v1",
            "gemini": f"{at[defaults.GEMINI_HOST]}/v1beta/openai",
        },
    )


# Answers at once, as `says` and `code` beside it have it; keeps what it was asked, and how it was configured.
_SSH = """#!/bin/sh
cd "$(dirname "$0")" || exit 1
echo "$@" >>asked
cp "$2" config
[ ! -e says ] || cat says >&2
exit "$(cat code 2>/dev/null || echo 0)"
"""


@pytest.fixture
def init(tmp_path: Path, services: Services, monkeypatch: pytest.MonkeyPatch) -> Init:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "ssh").write_text(_SSH)
    (tmp_path / "bin" / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.delenv("PICOCLAW_HOSTS_FILE", raising=False)
    return Init(tmp_path, services)
