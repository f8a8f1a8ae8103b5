"""The host's side: modes and owners of what the containers are made of, and Docker itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.compliance.checking import Expect, configured, information
from tests.compliance.live import Live
from tests.compliance.words import Words

_STACK = "/opt/stacks/picoclaw"
_CONFIG = f"{_STACK}/config"
_OTHERS_WRITE, _OTHERS = 0o022, 0o007
# The control «secrets» looks at these two itself.
_SECRETS = (_CONFIG, f"{_CONFIG}/config.json")


@dataclass(frozen=True)
class Entry:
    """A line of `find`."""

    mode: int
    user: str
    group: str
    kind: str
    path: str

    def __str__(self) -> str:
        """As it is shown."""
        return f"{self.path} {self.mode:04o} {self.user}:{self.group}"


def _entry(line: str) -> Entry:
    mode, user, group, kind, path = line.split(" ", 4)
    return Entry(int(mode, 8), user, group, kind, path)


def _entries(live: Live, wanted: Callable[[str], bool]) -> list[Entry]:
    found = [_entry(line.removeprefix("volume ")) for line in live.files if line]
    return [entry for entry in found if wanted(entry.path)]


def _inside(*directories: str) -> Callable[[str], bool]:
    return lambda path: any(path == directory or path.startswith(f"{directory}/") for directory in directories)


@configured(
    "host-files",
    "Nobody but root can write what the deploy put there",
    "Tylko root może zapisać to, co umieściło wdrożenie",
)
def test_nobody_else_writes(live: Live, expect: Expect) -> None:
    found = _entries(live, lambda path: _inside(_STACK, "/etc/systemd/system")(path) and path not in _SECRETS)
    agents = _inside(_CONFIG)
    loose = {
        str(e)
        for e in found
        if e.kind != "l" and (e.mode & _OTHERS_WRITE or e.user != ("1000" if agents(e.path) else "0"))
    }
    expect.that(bool(found) and not loose, Words(f"{len(found)} files", f"plików: {len(found)}"), loose or len(found))


@configured(
    "host-files", "Only root and its group can enter the directory", "Do katalogu wchodzi tylko root i jego grupa"
)
def test_directory_is_closed(live: Live, expect: Expect) -> None:
    (entry,) = _entries(live, lambda path: path == _STACK)
    expect.that(not entry.mode & _OTHERS and (entry.user, entry.group) == ("0", "0"), f"{_STACK} 0750 0:0", str(entry))


@configured(
    "host-files", "What lies beside config.json is as closed", "To, co leży obok config.json, jest tak samo zamknięte"
)
def test_configuration_is_closed(live: Live, expect: Expect) -> None:
    found = _entries(live, lambda path: _inside(_CONFIG)(path) and path not in _SECRETS)
    expect(set(), {str(e) for e in found if e.mode & 0o077 or (e.user, e.group) != ("1000", "1000")})


@configured(
    "host-files",
    "The volumes are closed to everyone but the agent's user",
    "Wolumeny są zamknięte dla wszystkich prócz użytkownika agenta",
)
def test_volumes_are_closed(live: Live, expect: Expect) -> None:
    found = [_entry(line.removeprefix("volume ")) for line in live.files if line.startswith("volume ")]
    loose = {str(e) for e in found if e.mode & 0o077 or (e.user, e.group) != ("1000", "1000")}
    count = 5 if live.needs_litellm else 3
    well = len(found) == count and not loose
    expect.that(well, f"{count} × 0700 1000:1000", loose or f"{len(found)} × 0700 1000:1000")


@configured("host-files", "Docker's socket is root's and its group's", "Gniazdo Dockera należy do roota i jego grupy")
def test_docker_socket_is_closed(live: Live, expect: Expect) -> None:
    found = _entries(live, lambda path: path.endswith(".sock"))
    loose = {str(e) for e in found if e.mode & 0o117 or e.user != "root" or e.group not in ("root", "docker")}
    expect.that(bool(found) and not loose, "≤ 0660 root:docker", loose or {str(entry) for entry in found})


@configured("host-files", "Docker's settings are root's", "Ustawienia Dockera należą do roota")
def test_docker_settings_are_closed(live: Live, expect: Expect) -> None:
    found = _entries(live, _inside("/etc/docker"))
    expect(set(), {str(e) for e in found if e.mode & _OTHERS_WRITE or (e.user, e.group) != ("0", "0")})


# What picoclaw_harden_docker would set.
_OPT_IN: dict[str, object] = {
    "icc": False,
    "no-new-privileges": True,
    "live-restore": True,
    "userland-proxy": False,
    "log-opts": {"max-size": "10m", "max-file": "3"},
}


_TOLD = {
    "icc": Words("Traffic between containers of the default bridge", "Ruch między kontenerami domyślnego mostu"),
    "no-new-privileges": Words("no-new-privileges for every container", "no-new-privileges dla każdego kontenera"),
    "live-restore": Words("Containers outlive a restart of Docker", "Kontenery przeżywają restart Dockera"),
    "userland-proxy": Words("A proxy process for every published port", "Proces proxy dla każdego wystawionego portu"),
    "log-opts": Words("Rotated logs for every container", "Rotacja logów każdego kontenera"),
}


@pytest.mark.parametrize(
    "setting", [pytest.param(name, marks=information("daemon", *words)) for name, words in _TOLD.items()]
)
def test_daemon_setting(live: Live, expect: Expect, setting: str) -> None:
    wanted = _text(_OPT_IN[setting])
    absent = Words(f"not set, the opt-in would add {wanted}", f"nie ustawione, opcja dodałaby {wanted}")
    expect.note(wanted, {setting: _text(live.daemon[setting]) if setting in live.daemon else absent})


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value).replace("'", "")
