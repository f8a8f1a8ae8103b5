"""Who is heard, and where the secrets are not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.compliance.checking import Expect, configured, effective, tried
from tests.compliance.kernel import Process, everywhere
from tests.compliance.live import GATEWAY, Container, Live
from tests.compliance.words import Words

_CONFIG = "/opt/stacks/picoclaw/config"
_WILDCARDS = {"*", "0", ""}
_ABSENT = Words("absent", "brak")


def _channels(config: dict[str, Any]) -> list[dict[str, Any]]:
    return [*config.get("channels", []), *([config["channel"]] if "channel" in config else [])]


@configured("allowed-users", "Nobody is let in by a wildcard", "Nikt nie wchodzi przez symbol wieloznaczny")
def test_nobody_is_let_in_by_a_wildcard(live: Live, expect: Expect) -> None:
    channels = _channels(live.config)
    found = {str(user) for channel in channels for user in channel.get("allowed_user_ids", [])}
    expect.that(bool(channels) and not found & _WILDCARDS, set(), found & _WILDCARDS)


@configured("allowed-users", "Someone is named for every channel", "Dla każdego kanału ktoś jest wskazany")
def test_someone_is_named(live: Live, expect: Expect) -> None:
    named = {channel["type"]: len(channel.get("allowed_user_ids", [])) for channel in _channels(live.config)}
    empty = ", ".join(channel for channel, count in named.items() if not count)
    if empty:
        expect.cannot(
            f"{empty}: no allowed_user_ids, so it is closed to everyone but who paired with /pair",
            f"{empty}: brak allowed_user_ids, więc zamknięty dla wszystkich prócz sparowanych przez /pair",
        )
    expect.that(bool(named), Words("at least one each", "co najmniej jeden w każdym"), named)


@effective("allowed-users", "The running gateway has read this file", "Działająca bramka przeczytała ten plik")
def test_the_file_is_what_the_gateway_read(live: Live, gateway: Container, expect: Expect) -> None:
    started = gateway.inspect["State"]["StartedAt"].partition(".")[0].removesuffix("Z")
    since = datetime.fromisoformat(f"{started}+00:00").timestamp()
    older = float(live.facts["config"] or "inf") <= since + 1
    old, new = (
        Words("older than the container", "starszy niż kontener"),
        Words("newer: restart it", "nowszy: uruchom go ponownie"),
    )
    expect.that(older, old, old if older else new)


@configured(
    "secrets", "config.json belongs to the agent's user alone", "config.json należy tylko do użytkownika agenta"
)
def test_config_belongs_to_the_gateways_user_alone(live: Live, expect: Expect) -> None:
    wanted = {_CONFIG: "0700 1000 1000", f"{_CONFIG}/config.json": "0600 1000 1000"}
    lines = [line.rsplit(" ", 2) for line in live.files]
    found = {path: owner for owner, _, path in lines if path in wanted}
    expect(wanted, {path: found.get(path) for path in wanted})


@effective(
    "secrets",
    "The gateway has it read-only, the others have it not",
    "Bramka ma go tylko do odczytu, pozostałe wcale",
)
def test_only_the_gateway_mounts_the_configuration(live: Live, expect: Expect) -> None:
    expect(
        {name: "ro" if name == GATEWAY else _ABSENT for name in live.containers},
        {name: everywhere(one.processes, _configuration) for name, one in live.containers.items()},
    )


def _configuration(process: Process) -> str | Words:
    mount = process.mounts.get("/etc/picoclaw")
    return _ABSENT if mount is None else "ro" if mount.read_only else "rw"


@tried("secrets", "What is no gateway does not find it", "Co nie jest bramką, go nie znajduje")
def test_nobody_else_finds_it(offline: Container, expect: Expect) -> None:
    expect.refused({"/etc/picoclaw/config.json": offline.probe["config"]}, "ENOENT", "EACCES", "ENOTDIR")


@tried(
    "secrets",
    "No secret was found anywhere else on the host",
    "Żadnego sekretu nie znaleziono nigdzie indziej na hoście",
)
def test_no_secret_is_anywhere_else(live: Live, expect: Expect) -> None:
    searched = Words(
        "nowhere: docker inspect, images and their history, logs, journal, every process's arguments and environment, "
        "shell histories, /opt/stacks/picoclaw, /tmp, /var/tmp, /var/log, /etc/docker",
        "nigdzie: docker inspect, obrazy i ich historia, logi, dziennik, argumenty i środowisko każdego procesu, "
        "historie powłoki, /opt/stacks/picoclaw, /tmp, /var/tmp, /var/log, /etc/docker",
    )
    unknown = Words(
        "config.json holds no secret that could be searched for",
        "config.json nie zawiera sekretu, którego można szukać",
    )
    expect.that(live.places == [], searched, unknown if live.places is None else set(live.places))
