"""The inventory file, read as pyinfra reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pyinfra.api.exceptions import InventoryError

from roles.common import names

INVENTORY = Path(__file__).parents[3] / "inventory"


def hosts(own: str = "[]") -> Any:
    """What pyinfra finds, where the owner has written this for the inventory's own hosts."""
    text = INVENTORY.read_text(encoding="utf-8")
    line = "hosts: Hosts = []\n"
    assert line in text
    found: dict[str, Any] = {}
    exec(compile(text.replace(line, f"hosts = {own}\n"), "inventory", "exec"), found)  # noqa: S102 - as pyinfra does
    return found["hosts"]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """hosts.json beside the inventory, not there yet."""
    monkeypatch.delenv("PICOCLAW_HOSTS_FILE", raising=False)
    monkeypatch.setattr(names, "REPOSITORY", tmp_path)
    return tmp_path / "hosts.json"


@pytest.mark.usefixtures("written")
def test_as_long_as_nobody_names_a_host_it_is_the_ssh_alias_mikrus() -> None:
    assert hosts() == ["mikrus"]


def test_where_there_is_a_host_that_alias_is_none(written: Path) -> None:
    assert hosts('["srv1"]') == [("srv1", {})]
    written.write_text('{"srv42": {"ssh_port": 10142}}')
    assert hosts() == [("srv42", {"ssh_port": 10142})]
    assert hosts('["mikrus"]') == [("mikrus", {}), ("srv42", {"ssh_port": 10142})], "it is the owner's own then"


def test_own_hosts_and_those_of_init_count_both(written: Path) -> None:
    written.write_text(json.dumps({"new": {}, "srv1": {"ssh_port": 10101, "ssh_user": "me"}}))
    own = '["srv0", ("srv1", {"ssh_port": 22, "picoclaw_config": "srv1.json"})]'
    both = {"ssh_port": 10101, "ssh_user": "me", "picoclaw_config": "srv1.json"}
    assert hosts(own) == [("srv0", {}), ("srv1", both), ("new", {})]
    assert hosts('(["new"], {"picoclaw_images_from": "srv1"})') == (
        [("new", {}), ("srv1", {"ssh_port": 10101, "ssh_user": "me"})], {"picoclaw_images_from": "srv1"},
    )  # fmt: skip


def test_the_file_that_is_named_stands_in_place_of_all(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written.write_text('{"srv42": {}}')
    data = {"one": {"ssh_hostname": "192.0.2.1", "ssh_port": 10122}, "two": {}}
    named = written.with_name("others.json")
    named.write_text(json.dumps(data))
    monkeypatch.setenv("PICOCLAW_HOSTS_FILE", str(named))
    assert hosts('["srv1"]') == list(data.items())


@pytest.mark.parametrize("text", [None, "[", "[]", '{"one": "192.0.2.1"}'])
def test_a_bad_file_is_one_sentence(text: str | None, written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if text is not None:
        written.write_text(text)
        with pytest.raises(InventoryError, match=r"^hosts\.json: .*hosts\.json .*: correct it"):
            hosts()
    monkeypatch.setenv("PICOCLAW_HOSTS_FILE", str(written))
    with pytest.raises(InventoryError, match=r"^PICOCLAW_HOSTS_FILE: .*hosts\.json .*: correct it") as refused:
        hosts()
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ('"srv1"', "hosts must be a list such as"),
        ('("srv1", "srv2")', "hosts must be a list such as"),
        ('["srv0", ("srv1", "ssh_password", "kept to oneself")]', "hosts[1] must be"),
        ('[{"srv1": {"ssh_password": "kept to oneself"}}]', "hosts[0] must be"),
    ],
)
@pytest.mark.usefixtures("written")
def test_own_hosts_that_are_none_are_said_without_their_data(own: str, said: str) -> None:
    with pytest.raises(InventoryError) as refused:
        hosts(own)
    assert str(refused.value).startswith(f"inventory: {said}")
    assert "kept" not in str(refused.value)
