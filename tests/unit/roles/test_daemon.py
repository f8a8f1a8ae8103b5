"""Merging the hardening into an owner's daemon.json."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pyinfra.api.exceptions import PyinfraError

from roles.daemon import hardening
from roles.daemon.operations import daemon_hardened
from tests.unit.roles.pyinfra_run import Run, commands, fake

HARDENED = {
    "icc": False,
    "no-new-privileges": True,
    "live-restore": True,
    "userland-proxy": False,
    "log-driver": "json-file",
    "log-opts": {"max-size": "10m", "max-file": "3"},
}
OWNERS: list[dict[str, Any]] = [
    {},
    {"dns": ["9.9.9.9"], "registry-mirrors": ["https://mirror.example"], "debug": True},
    {"icc": True, "userland-proxy": True, "live-restore": False, "no-new-privileges": False},
    {"log-driver": "journald", "log-opts": {"tag": "{{.Name}}", "cache-disabled": "true"}},
    {"storage-driver": "fuse-overlayfs", "default-ulimits": {"nofile": {"Name": "nofile", "Hard": 64000}}},
]


@pytest.mark.parametrize("owners", OWNERS)
def test_no_key_of_the_owners_is_lost_and_merging_again_changes_nothing(owners: dict[str, Any]) -> None:
    merged = hardening.merge(owners)

    assert {key: merged.settings[key] for key in owners.keys() - HARDENED} == {
        key: owners[key] for key in owners.keys() - HARDENED
    }
    assert {key: merged.settings[key] for key in HARDENED.keys() - {"log-opts"}} == {
        key: HARDENED[key] for key in HARDENED.keys() - {"log-opts"}
    }
    assert list(merged.settings)[: len(owners)] == list(owners), "the owner finds the file in the order it had"
    assert hardening.merge(hardening.read(merged.steps[-1])).changes == ()


def test_an_empty_file_becomes_the_hardening() -> None:
    assert json.loads(hardening.merge({}).steps[-1]) == HARDENED


def test_each_change_is_named_with_what_was_there() -> None:
    changes = hardening.merge({"icc": True, "live-restore": True, "log-driver": "syslog"}).changes

    assert [change.removeprefix("/etc/docker/daemon.json: ") for change in changes] == [
        "icc: no wanted (CIS 2.2, in force after the host's next boot), yes found",
        "no-new-privileges: yes wanted (CIS 2.14), not set",
        "userland-proxy: no wanted (CIS 2.16), not set",
        "log-driver: json-file wanted (logs have a limit), syslog found",
        "log-opts: max-size=10m, max-file=3 wanted (logs have a limit), not set",
    ]


@pytest.mark.parametrize(
    ("owners", "wanted"),
    [
        ({"max-size": "50m"}, {"max-size": "50m", "max-file": "3"}),
        (
            {"max-size": "-1", "max-file": "9", "compress": "true"},
            {"max-size": "10m", "max-file": "9", "compress": "true"},
        ),
        ({"syslog-address": "udp://10.0.0.1:514", "tag": "x"}, {"max-size": "10m", "max-file": "3", "tag": "x"}),
        ("none", {"max-size": "10m", "max-file": "3"}),
    ],
)
def test_a_log_limit_of_the_owners_stays_and_options_of_another_driver_go(owners: Any, wanted: dict[str, str]) -> None:
    assert hardening.merge({"log-opts": owners}).settings["log-opts"] == wanted


def test_the_steps_differ_in_live_restore_until_the_last() -> None:
    on, was, _ = hardening.merge({"icc": True}).steps

    assert json.loads(on) == {"icc": True, "live-restore": True}
    assert json.loads(was) == {"icc": True, "live-restore": False}
    assert json.loads(hardening.merge({"live-restore": True}).steps[1]) == {"live-restore": True}
    assert "\n" not in on + was


@pytest.mark.parametrize("text", ["{", "{'icc': false}", '{"icc": false,}', "[]", "null", '"x"'])
def test_a_file_that_docker_could_not_read_is_refused(text: str) -> None:
    with pytest.raises(hardening.DaemonFileError, match=r"^/etc/docker/daemon\.json .*nothing was changed; correct"):
        hardening.read(text)


def test_what_an_opt_out_leaves_is_said() -> None:
    (sentence,) = hardening.left_behind('{"icc": false, "live-restore": false, "userland-proxy": false, "debug": true}')

    assert "still has icc=no, userland-proxy=no: to undo it" in sentence
    assert hardening.left_behind('{"debug": true}') == []
    assert hardening.left_behind("") == hardening.left_behind("{") == []


def run(text: str, *, pending: str = "done", swarm: str = "inactive") -> Run:
    return fake(daemon_hardened, {"docker info --format": f"{pending}\n{swarm}\n{text}"}, name="daemon")


def test_a_hardened_daemon_is_left_alone() -> None:
    assert not run(json.dumps(HARDENED)).would_change


def test_a_run_that_was_cut_before_the_restart_is_finished() -> None:
    done = run(json.dumps(HARDENED), pending="pending").execute()

    assert done.changed
    assert done.said == {"docker.service: restart wanted since daemon.json was hardened, none found"}


@pytest.mark.parametrize(
    ("text", "swarm", "sentence"),
    [("{", "inactive", "is not valid JSON"), ("{}", "active", "part of a swarm")],
)
def test_what_cannot_be_hardened_is_not_touched(
    text: str, swarm: str, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    made = run(text, swarm=swarm)

    with pytest.raises(PyinfraError):
        made.execute()

    assert sentence in caplog.text
    assert commands(made, "systemctl") == []
