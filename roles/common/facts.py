"""What is read from a host by more than one role."""

from __future__ import annotations

import json
from typing import Any, Literal

from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from roles.common import entries
from roles.common.commands import script
from roles.common.words import sentence

DockerKind = Literal["container", "image", "network", "volume"]


class Paths(FactBase[dict[str, entries.Seen]]):
    """Kind, owner, mode and digest of each of these paths that exists."""

    @staticmethod
    def default() -> dict[str, entries.Seen]:
        """Nothing exists."""
        return {}

    def command(self, paths: list[str]) -> StringCommand:
        """One round trip for all of them."""
        return script(
            """
            LC_ALL=C; export LC_ALL
            stat -c '%f %u %g %n' -- "$@" 2>/dev/null
            sha256sum -- "$@" 2>/dev/null
            true
            """,
            paths=paths,
        )

    def process(self, output: list[str]) -> dict[str, entries.Seen]:
        """Seen by path."""
        try:
            return entries.parse(output)
        except ValueError as error:
            who = sentence("or").join(["stat", "sha256sum"])
            raise FactProcessError(sentence("not_understood", who=who, answer=error)) from error


class DockerObjects(FactBase[dict[str, dict[str, Any]]]):
    """`docker KIND inspect` of each of these names that exists, by the name asked for."""

    @staticmethod
    def default() -> dict[str, dict[str, Any]]:
        """Nothing exists."""
        return {}

    def requires_command(self, *_args: object, **_kwargs: object) -> str:
        """On a fresh host there is no Docker yet."""
        return "docker"

    def command(self, kind: DockerKind, names: list[str]) -> StringCommand:
        """One round trip for all of them; a name that does not exist is no error."""
        return script('docker "$kind" inspect "$@" 2>/dev/null || true', kind=kind, names=names)

    def process(self, output: list[str]) -> dict[str, dict[str, Any]]:
        """Inspected by name; an image goes by each of its tags."""
        try:
            found = json.loads("\n".join(output) or "[]")
        except json.JSONDecodeError as error:
            raise FactProcessError(sentence("no_json", who="docker inspect", answer=error)) from error
        return {name: item for item in found for name in item.get("RepoTags") or [item["Name"].lstrip("/")]}


class Units(FactBase[dict[str, dict[str, str]]]):
    """`ActiveState`, `UnitFileState` and `NeedDaemonReload` of each of these systemd units, by unit."""

    @staticmethod
    def default() -> dict[str, dict[str, str]]:
        """No unit is known."""
        return {}

    def command(self, units: list[str]) -> StringCommand:
        """One round trip for all of them."""
        return script('systemctl show --property=Id,ActiveState,UnitFileState,NeedDaemonReload -- "$@"', units=units)

    def process(self, output: list[str]) -> dict[str, dict[str, str]]:
        """Properties by unit; systemctl parts the units by an empty line."""
        units: dict[str, dict[str, str]] = {}
        for block in "\n".join(output).split("\n\n"):
            properties = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
            if "Id" in properties:
                units[properties.pop("Id")] = properties
        return units
