"""Makes every mutation on a real Docker and records what `docker inspect` says: `python -m tests.unit.roles.record`.

The recordings in `recorded/` are what the tests of the comparison read. Renew them when ContainerSpec changes, with a
lab host of each system: `python -m tests.unit.roles.record picoclaw-lab`.
"""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

from tests.lab import Lab
from tests.unit.roles import mutations
from tests.unit.roles.mutations import MUTATIONS, SPEC

RECORDED = Path(__file__).with_name("recorded")
_DOCKERFILE = """
FROM debian:trixie-slim
USER 1001:1001
ENV LANG=C.UTF-8
WORKDIR /
ENTRYPOINT ["/bin/true"]
CMD ["--version"]
HEALTHCHECK --interval=10s CMD ["/bin/true"]
STOPSIGNAL SIGTERM
"""


def main(lab_name: str) -> None:
    """Record on the host of that lab."""
    lab = Lab.open(lab_name)

    def docker(*words: str) -> str:
        return lab.ssh(shlex.join(["docker", *words]), check=True).stdout.strip()

    def inspect(what: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(docker("inspect", what))[0]
        return found

    def remake(arguments: list[str]) -> dict[str, Any]:
        lab.ssh(f"docker rm --force --volumes {mutations.NAME}")
        docker("create", *arguments)
        return inspect(mutations.NAME)

    _set_up(lab)
    try:
        recording = {
            "version": docker("version", "--format", "{{.Server.Version}}"),
            "container": _started(lab, remake(SPEC.create_arguments()), inspect),
            "image": inspect(mutations.IMAGE),
            "network_id": docker("network", "inspect", "--format", "{{.Id}}", mutations.NETWORK),
            "mutations": {mutation.title: remake(mutation.arguments()) for mutation in MUTATIONS},
        }
    finally:
        lab.ssh(_TEAR_DOWN)
    major, minor, *_ = str(recording["version"]).split(".")
    file = RECORDED / f"docker-{major}.{minor}.json"
    RECORDED.mkdir(exist_ok=True)
    file.write_text(json.dumps(_compressed(recording), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{file}: {len(MUTATIONS)} mutations on Docker {recording['version']}")


def _started(lab: Lab, _created: dict[str, Any], inspect: Any) -> dict[str, Any]:
    """The container after it has run: only then does it know its network's id."""
    lab.ssh(f"docker start {mutations.NAME} && docker wait {mutations.NAME}", check=True)
    found: dict[str, Any] = inspect(mutations.NAME)
    return found


def _set_up(lab: Lab) -> None:
    lab.ssh(_TEAR_DOWN)
    for path, text in (
        (mutations.SECCOMP_PATH, mutations.SECCOMP),
        (mutations.OTHER_SECCOMP_PATH, mutations.OTHER_SECCOMP),
    ):
        lab.ssh(f"mkdir -p {mutations.CONFIG} && printf %s {shlex.quote(text)} > {path}", check=True)
    lab.ssh(f"printf %s {shlex.quote(_DOCKERFILE)} | docker build --tag {mutations.IMAGE} -", check=True)
    lab.ssh(f"docker network create {mutations.NETWORK}", check=True)
    lab.ssh(f"docker create --name {mutations.NEIGHBOUR} --volume /neighbour {mutations.IMAGE}", check=True)


_TEAR_DOWN = (
    f"docker rm --force --volumes {mutations.NAME} {mutations.NEIGHBOUR}; docker network rm {mutations.NETWORK};"
    f"docker volume rm {mutations.VOLUME}; docker image rm {mutations.IMAGE}; rm -rf {mutations.CONFIG}"
)


def _compressed(recording: dict[str, Any]) -> dict[str, Any]:
    """Of a mutation only what differs from the container as it should be; of everything only what is read."""
    container = _kept(recording["container"])
    return {
        "version": recording["version"],
        "container": container,
        "image": {key: recording["image"][key] for key in ("Id", "Config", "RepoTags")},
        "network_id": recording["network_id"],
        "mutations": {title: _changes(container, _kept(found)) for title, found in recording["mutations"].items()},
    }


def _kept(container: dict[str, Any]) -> dict[str, Any]:
    kept = {key: container[key] for key in ("Id", "Name", "Image", "State", "Config", "HostConfig", "Mounts")}
    return {**kept, "NetworkSettings": {"Networks": container["NetworkSettings"]["Networks"]}}


def _changes(container: dict[str, Any], mutated: dict[str, Any]) -> dict[str, Any]:
    """Parts of the mutated container that differ, down to the options of Config and HostConfig."""
    changed: dict[str, Any] = {}
    for part in ("Config", "HostConfig"):
        keys = container[part].keys() | mutated[part].keys()
        changed[part] = {
            key: mutated[part].get(key) for key in keys if container[part].get(key) != mutated[part].get(key)
        }
    networks = mutated["NetworkSettings"]["Networks"]
    if networks.keys() != container["NetworkSettings"]["Networks"].keys():
        changed["NetworkSettings"] = {"Networks": networks}
    if mutated["Mounts"] != container["Mounts"]:
        changed["Mounts"] = mutated["Mounts"]
    return changed


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "picoclaw-lab")
