"""What the deploy says, it says in English or in Polish, and all of it from the catalogue."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from pyinfra.api.exceptions import DeployError, InventoryError, PyinfraError
from pyinfra.context import ctx_host, ctx_state

from agent.errors import ConfigError
from roles.common import settings
from roles.common.diff import differences
from roles.common.entries import Entry, Seen
from roles.common.entries import differences as entry_differences
from roles.common.hosts import each_host_on_its_own
from roles.common.operations import packages
from roles.common.words import CATALOGUE, sentence
from roles.health import model, operations
from roles.health.facts import Health
from roles.network import firewall
from roles.preflight import checks
from roles.preflight.machine import Machine
from roles.storage import operations as storage
from roles.storage.volumes import VOLUMES
from tests.unit.roles import test_daemon, test_hosts, test_inventory, test_packages, test_settings
from tests.unit.roles.pyinfra_run import commands, fake

REPOSITORY = Path(__file__).parents[3]
# What runs at home with other rights: a tool of the developers, and what runs while an image is built.
ELSEWHERE = ("roles/models/generate.py", "roles/image/files/")
# Whoever calls one of these says something to the operator.
SPEAKERS = {
    *("say", "fail", "noop", "log_styled"),
    *("DeployError", "InventoryError", "ConfigError", "FactProcessError", "DaemonFileError", "_NotCopiedError"),
}


@pytest.fixture
def polish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "pl_PL.UTF-8")


def trees() -> Iterator[tuple[str, ast.Module]]:
    """The source of everything that runs in a deploy, by its name."""
    for path in [REPOSITORY / "inventory", REPOSITORY / "deploy.py", *sorted((REPOSITORY / "roles").rglob("*.py"))]:
        name = path.relative_to(REPOSITORY).as_posix()
        if not name.startswith(ELSEWHERE):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            yield called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", ""), node


def places(text: str) -> list[str]:
    return sorted(f"{name}!{conversion}:{spec}" for _, name, spec, conversion in Formatter().parse(text) if name)


@pytest.mark.parametrize("kind", CATALOGUE)
def test_both_languages_name_the_same_things(kind: str) -> None:
    words = CATALOGUE[kind]
    assert set(words) == {"en", "pl"}
    assert all(text.strip() for text in words.values())
    assert words["en"] != words["pl"]
    assert set(places(words["en"])) == set(places(words["pl"]))
    # What is to be typed is the same, and so is every key.
    assert [typed for typed in re.findall(r"`[^`]*`", words["en"]) if typed not in words["pl"]] == []
    assert set(re.findall(r"\w+_\w+", words["en"])) <= set(re.findall(r"\w+_\w+", words["pl"]))


def test_no_sentence_is_unused_and_none_is_missing() -> None:
    used, begun = set(), set()
    for _, tree in trees():
        for name, call in calls(tree):
            if name != "sentence":
                continue
            for kind in ast.walk(call.args[0]):
                if isinstance(kind, ast.JoinedStr) and isinstance(kind.values[0], ast.Constant):
                    begun.add(str(kind.values[0].value))
                elif isinstance(kind, ast.Constant) and isinstance(kind.value, str):
                    used.add(kind.value)
    used -= begun
    assert used <= CATALOGUE.keys()
    assert begun == {"kind_", "place_", "kernel_", "health_"}
    assert [kind for kind in CATALOGUE if kind not in used and not kind.startswith(tuple(begun))] == []


def test_nobody_speaks_past_the_catalogue() -> None:
    found = []
    for file, tree in trees():
        for name, call in calls(tree):
            spoken = [*call.args] if name in SPEAKERS else []
            spoken += [keyword.value for keyword in call.keywords if keyword.arg == "name" and "__init__" in file]
            found += [f"{file}: {text}" for part in spoken for text in texts(part)]
    assert found == []


def texts(node: ast.AST) -> Iterator[str]:
    """Words of two letters and more in what is said, but for the arguments of `sentence`."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "sentence":
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search(r"[A-Za-z]{2}", node.value):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from texts(child)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"LC_ALL": "C.UTF-8"}, "yes"),
        ({"LC_ALL": "pl_PL.UTF-8"}, "tak"),
        ({"LC_ALL": "", "LC_MESSAGES": "", "LANG": "pl_PL.UTF-8"}, "tak"),
        ({"LC_ALL": "de_DE.UTF-8"}, "yes"),
        # What picoclaw's `--lang` hands on.
        ({"LC_ALL": "C.UTF-8", "PICOCLAW_LANG": "pl"}, "tak"),
        ({"LC_ALL": "pl_PL.UTF-8", "PICOCLAW_LANG": "en"}, "yes"),
    ],
)
def test_the_operators_locale_decides(variables: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert sentence("yes") == said


@pytest.mark.usefixtures("polish")
def test_differences_in_polish() -> None:
    assert differences({"a": True, "b": [], "c": "x", "d": 1}, {"a": False, "b": ["y"], "d": 2}) == [
        "a: powinno być tak, jest nie",
        "b: nic nie powinno tu być, jest y",
        "c: powinno być x, nie ma nic",
        "d: powinno być 1, jest 2",
    ]
    entry = Entry("/x", mode=0o600, uid=1000, gid=1000, content="a")
    assert entry_differences(entry, Seen("file", 0o644, 0, 0)) == [
        "/x: właścicielem powinien być 1000:1000, jest 0:0",
        "/x: tryb powinien być 0600, jest 0644",
        "/x: treść jest inna",
    ]
    assert entry_differences(entry, Seen("symbolic link", 0o777, 0, 0)) == [
        "/x: powinno być plik, jest dowiązanie symboliczne"
    ]


@pytest.mark.usefixtures("polish")
def test_the_firewalls_drift_in_polish() -> None:
    lines = firewall.Loaded().drift("rules")
    assert lines[0] == "zapora: nie ma tabeli inet picoclaw"
    assert "zapora: picoclaw-firewall.service: UnitFileState: powinno być enabled, nie ma nic" in lines


@pytest.mark.usefixtures("polish")
def test_an_unfit_host_is_refused_in_polish() -> None:
    told = list(checks.machine(Machine(), min_memory_mb=900, min_disk_mb=2048))
    assert told[0].startswith("unknown (bez wersji) nie jest obsługiwany: użyj Debiana 12 lub 13")
    assert told[1].startswith("procesor to , a nie x86_64 lub aarch64")
    assert checks.elevation("ala", "none", can_ask=False) == (
        "ala nie jest rootem i nie ma sudo: loguj się jako root (ssh_user w inventory) albo zainstaluj tam sudo"
    )


@pytest.mark.usefixtures("polish")
def test_data_and_inventory_are_refused_in_polish(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"^key musi być listą, np\. .*, a jest 1: popraw to$"):
        test_settings.read(settings.texts, 1)
    (tmp_path / "hosts.json").write_text("[]")
    monkeypatch.setenv("PICOCLAW_HOSTS_FILE", str(tmp_path / "hosts.json"))
    with pytest.raises(InventoryError, match="musi zawierać"):
        test_inventory.hosts()


@pytest.mark.usefixtures("polish")
def test_what_is_wrong_with_config_json_is_said_in_polish(caplog: pytest.LogCaptureFixture) -> None:
    state, one, _ = test_hosts.two_hosts()

    with ctx_state.use(state), ctx_host.use(one), each_host_on_its_own():
        raise ConfigError("wrong", "niedobrze")

    assert caplog.messages[-1].endswith("niedobrze")


@pytest.mark.usefixtures("polish")
def test_what_a_script_of_the_host_says_is_polish(tmp_path: Path) -> None:
    done = test_packages.run(tmp_path, fails="install")
    assert done.stderr.splitlines()[-1].startswith("apt-get install docker.io docker-cli: nie udało się")

    hardened = test_daemon.run(json.dumps({})).execute()
    (script,) = commands(hardened, "takes_over_live_restore")
    assert "unstarted='Poprzednie wróciły i niczego nie zrestartowano" in script
    assert "nie startuje z ustawieniami z zabezpieczeniami (%s)" in script


@pytest.mark.usefixtures("polish")
def test_the_verdict_of_health_is_polish(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    counted = iter(range(100))
    monkeypatch.setattr(operations, "_PAUSE_S", 0.01)
    monkeypatch.setattr(operations, "_look", lambda *_: Health("restarting", next(counted)))
    answers: dict[str, str | dict[str, Any]] = {
        "docker rename": "picoclaw",
        "docker container inspect": "picoclaw restarting - 7",
    }

    with pytest.raises(PyinfraError):
        fake(operations.healthy, answers, name="health", names=["picoclaw"], timeout_s=60).execute()

    assert "picoclaw po 0 s: w pętli restartów; koniec jego logu jest powyżej" in caplog.text
    assert "Znów działa poprzednia wersja: picoclaw; nowa nie jest zdrowa" in caplog.text


@pytest.mark.usefixtures("polish")
def test_the_model_is_asked_in_polish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "started", lambda: {"picoclaw"})
    asked = fake(model.model_answers, {"llm check": "ok"}, name="model", container="picoclaw").execute()
    (command,) = commands(asked, "llm check")
    assert "language=pl" in command
    assert '--lang "$language"' in command


@pytest.mark.usefixtures("polish")
def test_what_differs_is_told_while_an_operation_is_prepared() -> None:
    made = fake(packages, {}, name="packages", names=["nftables"])
    assert made.said == {"pakiety: potrzebne nftables, nie ma ich"}


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("C", "volume picoclaw-state: its directory /a 100% b has a name that no unit can be made for"),
        ("pl", "wolumen picoclaw-state: dla nazwy jego katalogu /a 100% b nie da się utworzyć jednostki systemd"),
    ],
)
def test_a_volume_that_cannot_be_mounted_is_named_by_the_script(
    tag: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", tag)
    (tmp_path / "docker").write_text("#!/bin/sh\necho '/a 100% b'\n")
    (tmp_path / "docker").chmod(0o755)
    (volume, *_) = (volume for volume in VOLUMES if volume.flags)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-c", storage._mount(volume).get_raw_value()],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.strip()) == (1, said)
