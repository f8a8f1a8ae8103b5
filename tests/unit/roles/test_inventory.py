"""The inventory file, read as pyinfra reads it."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest
from pyinfra.api.exceptions import InventoryError

from roles.common import names

INVENTORY = Path(__file__).parents[3] / "inventory"


def hosts() -> Any:
    return runpy.run_path(str(INVENTORY))["hosts"]


def test_the_default_host_is_the_ssh_alias_mikrus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PICOCLAW_HOSTS_FILE", raising=False)
    monkeypatch.setattr(names, "REPOSITORY", tmp_path)

    assert hosts() == ["mikrus"]


def test_hosts_come_from_the_file_that_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = {"one": {"ssh_hostname": "192.0.2.1", "ssh_port": 10122}, "two": {}}
    (tmp_path / "hosts.json").write_text(json.dumps(data))
    monkeypatch.setenv("PICOCLAW_HOSTS_FILE", str(tmp_path / "hosts.json"))

    assert hosts() == list(data.items())


def test_hosts_come_from_the_file_that_init_wrote(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PICOCLAW_HOSTS_FILE", raising=False)
    monkeypatch.setattr(names, "REPOSITORY", tmp_path)
    (tmp_path / "hosts.json").write_text('{"srv42": {"ssh_port": 10142}}')

    assert hosts() == [("srv42", {"ssh_port": 10142})]


@pytest.mark.parametrize("text", [None, "[", "[]", '{"one": "192.0.2.1"}'])
def test_a_bad_file_is_one_sentence(text: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "hosts.json"
    if text is not None:
        file.write_text(text)
    monkeypatch.setenv("PICOCLAW_HOSTS_FILE", str(file))

    with pytest.raises(InventoryError, match=r"PICOCLAW_HOSTS_FILE: .*hosts\.json .*: correct it") as refused:
        hosts()

    assert "\n" not in str(refused.value)
