"""What one round trip reads from a host, in the shapes in which the checks look at it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tests.compliance import kernel
from tests.compliance.kernel import Limits, Process
from tests.compliance.supply import Tree, needs_litellm, read_tree

GATEWAY, SANDBOX, LLM = "picoclaw", "picoclaw-sandbox", "picoclaw-llm"
#: what the containers are called in the names of files
ROLES = {GATEWAY: "gateway", SANDBOX: "sandbox", LLM: "llm"}


class Unfit(Exception):  # noqa: N818 (said of a host)
    """There is nothing to look at; one sentence says why and what to do."""


@dataclass(frozen=True)
class Container:
    """One container, as Docker configured it, as the kernel sees it and as it is from inside."""

    name: str
    inspect: dict[str, Any]
    processes: list[Process]
    limits: Limits
    probe: dict[str, Any] = field(repr=False)
    profile: dict[str, Any] = field(repr=False)
    tree: Tree = field(repr=False)
    self_check: str = field(repr=False)
    twin: str = field(repr=False)

    @property
    def config(self) -> dict[str, Any]:
        """Docker's Config."""
        return dict(self.inspect["Config"])

    @property
    def host_config(self) -> dict[str, Any]:
        """Docker's HostConfig."""
        return dict(self.inspect["HostConfig"])

    @property
    def first(self) -> Process:
        """Its process 1."""
        return next(process for process in self.processes if process.pid == self.inspect["State"]["Pid"])

    def security_option(self, name: str) -> str | None:
        """The value of a `--security-opt`; empty when it has none, None when it is not given."""
        for option in self.host_config["SecurityOpt"] or []:
            key, _, value = option.replace(":", "=", 1).partition("=")
            if key == name:
                return str(value)
        return None

    @cached_property
    def loaded_profile(self) -> dict[str, Any]:
        """The seccomp profile that it was made with; empty when it is Docker's own or none."""
        text = next((o for o in self.host_config["SecurityOpt"] or [] if o.startswith("seccomp=")), "")
        document = text.removeprefix("seccomp=")
        return dict(json.loads(document)) if document.startswith("{") else {}

    @property
    def networks(self) -> set[str]:
        """The names of the networks that it hangs on."""
        return set(self.inspect["NetworkSettings"]["Networks"])


@dataclass(frozen=True)
class Live:
    """A host with the product on it.

    Attributes:
        containers: those that run; the third one only where a model needs it.
        facts: `hostname`, `kernel`, `os` and more by name; see host/gather.sh.
        first: the host's process 1.
        neighbours: namespaces by name, of every running container by name.
        config: config.json, with `-` for every secret.
        files: `MODE UID GID KIND PATH`, as `find` prints them.
        places: where secrets were found that should not be there; None when the search knew none.
    """

    containers: dict[str, Container]
    facts: dict[str, str]
    first: Process
    neighbours: dict[str, dict[str, str]]
    config: dict[str, Any]
    network: dict[str, Any]
    docker: dict[str, Any]
    daemon: dict[str, Any]
    firewall: list[dict[str, Any]]
    firewall_file: list[dict[str, Any]] | str
    firewall_unit: dict[str, str]
    files: list[str] = field(repr=False)
    places: list[str] | None

    @property
    def needs_litellm(self) -> bool:
        """Whether the third container is to be there."""
        return needs_litellm(self.config)


def parse(output: str, heading: str) -> Live:
    """Read what host/gather.sh printed.

    Raises:
        Unfit: there is nothing to look at.
    """
    sections = dict(_section(part) for part in f"\n{output}".split(f"\n{heading} ")[1:])
    if "stop" in sections:
        raise Unfit(_sentence(sections["stop"].split()))
    found = kernel.processes(sections["processes"].splitlines())
    inspected = {item["Name"].lstrip("/"): item for item in json.loads(sections["containers"])}
    return Live(
        containers={name: _container(name, one, sections, found) for name, one in inspected.items()},
        facts=_pairs(sections["host"], " "),
        first=found[1],
        neighbours=_neighbours(sections["neighbours"]),
        config=_json(sections["config"]) or {},
        network=(_json(sections["network"]) or [{}])[0],
        docker=_json(sections["docker"]) or {},
        daemon=_json(sections["daemon.json"]) or {},
        firewall=_table(sections["firewall"]) or [],
        firewall_file=_table(sections["firewall-file"]) or sections["firewall-file"].strip(),
        firewall_unit=_pairs(sections["firewall-unit"], "="),
        files=sections["files"].splitlines(),
        places=_places(sections["secrets"].splitlines()),
    )


def _section(part: str) -> tuple[str, str]:
    name, _, body = part.partition("\n")
    return name, body


def _container(name: str, inspect: dict[str, Any], sections: dict[str, str], found: dict[int, Process]) -> Container:
    numbers = [int(number) for number in sections[f"pids {name}"].split()]
    return Container(
        name=name,
        inspect=inspect,
        processes=[found[number] for number in sorted(set(numbers)) if number in found],
        limits=kernel.limits(_pairs(sections[f"cgroup {name}"], " ")),
        probe=_json(sections[f"probe {name}"]) or {"failed": sections[f"probe {name}"].strip()[-300:]},
        profile=_json(sections[f"profile {name}"]) or {},
        tree=read_tree(sections[f"tree {name}"].splitlines()),
        self_check=sections[f"self-check {name}"],
        twin=sections[f"twin {name}"],
    )


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _pairs(text: str, separator: str) -> dict[str, str]:
    return {key: value for key, _, value in (line.partition(separator) for line in text.splitlines()) if key}


def _neighbours(text: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for line in text.splitlines():
        if line:
            container, name, value = line.split(" ")
            found.setdefault(container, {})[name] = value
    return found


def _table(text: str) -> list[dict[str, Any]] | None:
    """The parts of nft's JSON, without the numbers that it gives anew each time."""
    document = _json(text)
    return [_without_handles(part) for part in document["nftables"] if "metainfo" not in part] if document else None


def _without_handles(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_handles(item) for key, item in value.items() if key != "handle"}
    return [_without_handles(item) for item in value] if isinstance(value, list) else value


def _places(lines: list[str]) -> list[str] | None:
    if not lines or lines[0] in ("", "known 0"):
        return None
    return [line.removeprefix("found ") for line in lines if line.startswith("found ")]


def _sentence(words: list[str]) -> str:
    match words:
        case ["missing", name]:
            return f"PicoClaw is not on this host, container {name} does not exist: run `pyinfra inventory deploy.py`"
        case ["status", name, status]:
            return f"Container {name} is not running but {status}, there is nothing to look at: `docker start {name}`"
        case ["docker"]:
            return "Docker is not installed on this host: run `pyinfra inventory deploy.py`"
        case _:
            return f"The checks need root on this host, they came as {' '.join(words)}: use root or --sudo"
