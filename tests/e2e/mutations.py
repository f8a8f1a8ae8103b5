"""Every way in which the mutation proof weakens the lab host: one control at a time, and nothing else.

A weakened container is made from the very arguments that the deploy uses, with one of them left out or added, and keeps
its label: so the deploy finds it by looking at it, not by the label.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from roles.common.names import (
    CONFIG_DIR,
    CONFIG_FILE,
    CONTAINERS_UNIT,
    EGRESS_VOLUME,
    FIREWALL_UNIT,
    GATEWAY,
    LLM,
    NETWORK,
    SANDBOX,
    SECCOMP_DIR,
    STACK_DIR,
    WORKSPACE_VOLUME,
)
from roles.common.spec import ContainerSpec
from tests.weakened import create_arguments

Specs = Mapping[str, ContainerSpec]


@dataclass(frozen=True)
class Mutation:
    """One weakening.

    Attributes:
        control: whose checks must fail.
        script: makes the shell script that weakens the host.
        undo: what the deploy does not repair, because it is none of its business, is put right by this script.
        also: a further control of which checks fail, and `why` it cannot be otherwise.
    """

    name: str
    control: str
    script: Callable[[Specs], str]
    undo: str = ""
    also: str = ""
    why: str = ""

    @property
    def fails(self) -> set[str]:
        """The controls of which checks must fail, and no other."""
        return {self.control, self.also} - {""}


def _without(container: str, *options: str, add: Iterable[str] = (), image: str = "") -> Callable[[Specs], str]:
    """The container made anew without some options (each a prefix), with others."""

    def script(specs: Specs) -> str:
        words = shlex.join(["docker", "create", *create_arguments(specs[container], options, add, image=image)])
        return f"docker rm --force {container} && {words} && docker start {container}"

    return script


def _with(container: str, *options: str) -> Callable[[Specs], str]:
    return _without(container, add=options)


def _on_host(script: str) -> Callable[[Specs], str]:
    return lambda _: script


# The bot token, as the shell on the host reads it from config.json: it is in no argument list but where it is put.
_TOKEN = f"""token=$(sed -n 's/.*"bot_token": *"\\([^"]*\\)".*/\\1/p' {CONFIG_FILE}); [ -n "$token" ]"""
_WORKSPACE = f"$(docker volume inspect --format '{{{{.Mountpoint}}}}' {WORKSPACE_VOLUME})"


# Without no-new-privileges runc loads the filter before it has become uid 1000, for which it needs these. In the file
# and in force alike: so the profile stays the stack's own, and no forbidden call is on it.
_RUNC = ", ".join(
    f'"{name}"'
    for name in (
        *("capget", "capset", "setgid", "setgroups", "setuid", "prctl"),
        *("chdir", "close_range", "fchown", "openat2", "statx"),
    )
)


def _privileges(container: str) -> Callable[[Specs], str]:
    def script(specs: Specs) -> str:
        widen = f'sed -i \'0,/"names": \\[/s//"names": [{_RUNC},/\' {specs[container].seccomp_path}'
        return f"{widen} && {_without(container, '--security-opt=no-new-privileges')(specs)}"

    return script


def _with_secret(container: str) -> Callable[[Specs], str]:
    """With the bot token in its environment."""

    def script(specs: Specs) -> str:
        return f"{_TOKEN} && {_with(container)(specs)}".replace("docker create ", 'docker create --env="TOKEN=$token" ')

    return script


def _with_file(container: str, *paths: str) -> Callable[[Specs], str]:
    """From an image with files more."""

    def script(specs: Specs) -> str:
        recipe = "\n".join([f"FROM {specs[container].image}", *(f"COPY file {path}" for path in paths)])
        build = f"cd $(mktemp -d) && echo import os > file && echo {shlex.quote(recipe)} > Dockerfile"
        return f"{build} && docker build --quiet --tag mutant:1 . && {_without(container, image='mutant:1')(specs)}"

    return script


def _blinded(specs: Specs) -> str:
    """The sandbox from an image whose self-check is content with everything."""
    image = specs[SANDBOX].image
    code = "def rows(view, role): return []\\ndef problem(found): return ''\\nROLES = {'sandbox': None}\\n"
    file = "/opt/picoclaw/agent/confinement/checks.py"
    build = (
        f"printf 'FROM {image}\\nUSER 0\\nRUN rm -rf {file}* $(dirname {file})/__pycache__/checks.* &&"
        f""" printf "%s" "$CODE" > /dev/null; true\\nCOPY checks.py {file}\\nUSER 1000:1000\\n' > Dockerfile"""
    )
    return (
        f'cd $(mktemp -d) && printf "{code}" > checks.py && chmod 644 checks.py && {build}'
        f" && docker build --quiet --tag blinded:1 . && {_without(SANDBOX, image='blinded:1')(specs)}"
    )


_FORGET_IMAGE = "docker rmi --force mutant:1"
MUTATIONS = (
    Mutation("sandbox-root-writable", "read-only", _without(SANDBOX, "--read-only")),
    Mutation("gateway-root-writable", "read-only", _without(GATEWAY, "--read-only")),
    Mutation("no-cap-drop", "cap-drop", _without(GATEWAY, "--cap-drop")),
    Mutation("cap-add", "cap-drop", _with(SANDBOX, "--cap-add=NET_RAW")),
    Mutation("may-gain-privileges", "no-new-privileges", _privileges(SANDBOX)),
    Mutation("dockers-seccomp", "seccomp", _without(GATEWAY, "--security-opt=seccomp")),
    Mutation(
        "no-seccomp", "seccomp", _without(SANDBOX, "--security-opt=seccomp", add=["--security-opt=seccomp=unconfined"])
    ),
    Mutation("another-user", "non-root", _without(SANDBOX, "--user=", add=["--user=1001:1001"])),
    Mutation("root-user", "non-root", _without(GATEWAY, "--user=", add=["--user=0:0"])),
    Mutation("more-memory", "limits", _on_host(f"docker update --memory 256m --memory-swap 256m {SANDBOX}")),
    Mutation("swap-on-top", "limits", _without(GATEWAY, "--memory-swap")),
    Mutation("more-cpu", "limits", _without(SANDBOX, "--cpus", add=["--cpus=2"])),
    Mutation("more-processes", "limits", _on_host(f"docker update --pids-limit 512 {GATEWAY}")),
    Mutation("docker-socket", "no-docker-socket", _with(SANDBOX, "--volume=/run/docker.sock:/run/docker.sock")),
    Mutation("sandbox-on-a-bridge", "network", _without(SANDBOX, "--network=", add=["--network=bridge"])),
    Mutation("published-port", "network", _with(GATEWAY, "--publish=127.0.0.1:18790:18790")),
    Mutation(
        "a-stranger-beside-the-gateway",
        "network",
        lambda specs: f"docker run --detach --name stranger --network {NETWORK} --memory 64m {specs[GATEWAY].image}",
        undo="docker rm --force stranger",
    ),
    Mutation(
        "gateway-on-a-second-bridge",
        "network",
        _on_host(f"docker network connect bridge {GATEWAY}"),
        also="firewall",
        why="what leaves by Docker's own bridge does not meet the rules for br-picoclaw",
    ),
    Mutation("no-firewall", "firewall", _on_host("nft delete table inet picoclaw")),
    Mutation("a-rule-that-accepts", "firewall", _on_host("nft insert rule inet picoclaw forward accept")),
    Mutation("an-emptied-chain", "firewall", _on_host("nft flush chain inet picoclaw input")),
    Mutation("not-at-boot", "firewall", _on_host(f"systemctl disable {FIREWALL_UNIT}")),
    Mutation(
        "tmp-exec",
        "tmpfs-noexec",
        _without(SANDBOX, "--tmpfs=/tmp:", add=["--tmpfs=/tmp:rw,exec,nosuid,nodev,size=32m"]),
    ),
    Mutation(
        "tmp-without-size",
        "tmpfs-noexec",
        _without(GATEWAY, "--tmpfs=/tmp:", add=["--tmpfs=/tmp:rw,noexec,nosuid,nodev"]),
    ),
    Mutation(
        "everybody-allowed",
        "allowed-users",
        _on_host(f'sed -i -zE \'s/("allowed_user_ids": *\\[)/\\1"*", /\' {CONFIG_FILE}'),
    ),
    Mutation("config-readable", "secrets", _on_host(f"chmod 644 {CONFIG_FILE}")),
    Mutation(
        "secret-in-environment",
        "secrets",
        _on_host(f"{_TOKEN} && BOT_TOKEN=$token setsid --fork sleep 611 < /dev/null > /dev/null 2>&1"),
        undo="kill $(pgrep --full --exact 'sleep 611')",
    ),
    Mutation(
        "secret-in-an-argument",
        "secrets",
        _on_host(f"{_TOKEN} && setsid --fork sh -c 'sleep 612; :' \"$token\" < /dev/null > /dev/null 2>&1"),
        undo="kill $(pgrep --full --exact 'sleep 612')",
    ),
    Mutation("secret-in-a-file", "secrets", _on_host(f'{_TOKEN} && echo "$token" > /tmp/note'), undo="rm /tmp/note"),
    Mutation(
        "secret-in-the-shell-history",
        "secrets",
        _on_host(f'{_TOKEN} && echo "curl https://api.telegram.org/bot$token/getMe" >> /root/.bash_history'),
        undo="rm /root/.bash_history",
    ),
    Mutation(
        "secret-in-the-log",
        "secrets",
        _on_host(
            f"""{_TOKEN} && file=$(docker inspect --format '{{{{.LogPath}}}}' {GATEWAY}) &&"""
            """ printf '{"log":"%s\\\\n","stream":"stderr","time":"2026-01-01T00:00:00Z"}\\n' "$token" >> "$file" """
        ),
        undo=f"truncate --size 0 $(docker inspect --format '{{{{.LogPath}}}}' {GATEWAY})",
    ),
    Mutation(
        "workspace-without-flags",
        "workspace",
        _on_host(
            f'docker stop --time 1 {SANDBOX} && systemctl stop "$(systemd-escape --path --suffix=mount {_WORKSPACE})"'
            f" && docker start {SANDBOX}"
        ),
    ),
    Mutation("large-shm", "shm", _without(SANDBOX, "--tmpfs=/dev/shm:")),
    Mutation("a-device", "mounts", _with(SANDBOX, "--device=/dev/null:/dev/extra")),
    Mutation("a-host-directory", "mounts", _with(SANDBOX, "--volume=/etc:/host/etc:ro")),
    Mutation("kernel-files-uncovered", "mounts", _with(GATEWAY, "--security-opt=systempaths=unconfined")),
    Mutation("hosts-processes", "namespaces", _with(GATEWAY, "--pid=host")),
    Mutation("hosts-uts", "namespaces", _without(SANDBOX, "--hostname", add=["--uts=host"])),
    Mutation("core-dumps", "no-core-dumps", _without(SANDBOX, "--ulimit=core")),
    Mutation("a-self-check-that-sees-nothing", "confinement", _blinded, undo="docker rmi --force blinded:1"),
    Mutation(
        "another-package",
        "supply-chain",
        _with_file(GATEWAY, "/opt/picoclaw/evil.py", "/opt/picoclaw/evil-1.0.dist-info/METADATA"),
        undo=_FORGET_IMAGE,
    ),
    Mutation("seccomp-writable", "host-files", _on_host(f"chmod o+w {SECCOMP_DIR}/sandbox.json")),
    Mutation("directory-open", "host-files", _on_host(f"chmod 755 {STACK_DIR}")),
    Mutation("volume-open", "host-files", _on_host(f"chmod 755 {_WORKSPACE}")),
    Mutation("endless-log", "logs", _without(SANDBOX, "--log-opt")),
    Mutation("stays-down", "restart", _on_host(f"docker update --restart no {GATEWAY}")),
    Mutation("one-try-only", "restart", _on_host(f"systemctl disable {CONTAINERS_UNIT}")),
    Mutation("nobody-asks", "health", _with(SANDBOX, "--no-healthcheck")),
)

# Of the third container, on a host that has it.
LLM_MUTATIONS = (
    Mutation("llm-root-writable", "read-only", _without(LLM, "--read-only")),
    Mutation("llm-cap-add", "cap-drop", _with(LLM, "--cap-add=NET_RAW")),
    Mutation("llm-may-gain-privileges", "no-new-privileges", _privileges(LLM)),
    Mutation("llm-dockers-seccomp", "seccomp", _without(LLM, "--security-opt=seccomp")),
    Mutation("llm-more-memory", "limits", _on_host(f"docker update --memory 512m --memory-swap 512m {LLM}")),
    Mutation("llm-on-a-bridge", "network", _without(LLM, "--network=", add=["--network=bridge"])),
    Mutation(
        "llm-with-the-configuration",
        "mounts",
        _with(LLM, f"--volume={CONFIG_DIR}:/etc/picoclaw:ro"),
        also="secrets",
        why="the configuration is where the secrets are",
    ),
    Mutation(
        "llm-in-the-proxys-place",
        "mounts",
        _without(LLM, f"--mount=type=volume,source={EGRESS_VOLUME}", add=[f"--volume={EGRESS_VOLUME}:/run/egress"]),
    ),
    Mutation("llm-secret-in-environment", "secrets", _with_secret(LLM)),
    Mutation("llm-start-up-hook", "supply-chain", _with_file(LLM, "/opt/picoclaw/evil.pth"), undo=_FORGET_IMAGE),
    Mutation("llm-missing", "supply-chain", _on_host(f"docker rm --force {LLM}")),
)
