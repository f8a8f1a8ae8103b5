"""The deploy speaks the operator's language; these tests read its English."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PICOCLAW_LANG", raising=False)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
