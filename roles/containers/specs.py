"""The containers. Every control that is not the same for all stands here; the rest is in ContainerSpec."""

from __future__ import annotations

from collections.abc import Mapping

from roles.common.names import (
    CA_FILE,
    CONFIG_DIR,
    CONFIG_FILE,
    EGRESS_VOLUME,
    GATEWAY,
    GATEWAY_IMAGE,
    LLM,
    LLM_IMAGE,
    LLM_SOCKET_VOLUME,
    MODELS_FILE,
    NETWORK,
    SANDBOX,
    SANDBOX_IMAGE,
    SECCOMP_DIR,
    SOCKET_VOLUME,
    STATE_VOLUME,
    WORKSPACE_VOLUME,
)
from roles.common.spec import MEBIBYTE, ContainerSpec, Mount
from roles.seccomp.profile import PROFILES, render


def gateway(tag: str, *, with_ca: bool, extra_hosts: Mapping[str, str], with_llm: bool = False) -> ContainerSpec:
    """The gateway: reads the configuration, keeps the state, listens for the sandbox, goes out through its bridge.

    With picoclaw-llm it connects to that one's socket, and listens for it where it may go out.
    """
    return ContainerSpec(
        name=GATEWAY,
        image=f"{GATEWAY_IMAGE}:{tag}",
        seccomp_path=f"{SECCOMP_DIR}/gateway.json",
        seccomp=render(PROFILES["gateway"]),
        network=NETWORK,
        mounts=(
            # The directory, not the file: an edited file is a new inode, which a mounted file would not follow.
            Mount("bind", CONFIG_DIR, "/etc/picoclaw", read_only=True),
            Mount("volume", STATE_VOLUME, "/var/lib/picoclaw", read_only=False),
            Mount("volume", SOCKET_VOLUME, "/run/sandbox", read_only=False),
            *(_LLM_MOUNTS_OF_GATEWAY if with_llm else ()),
        ),
        tmpfs=_tmp("16m"),
        config_files=(CONFIG_FILE, MODELS_FILE, *((CA_FILE,) if with_ca else ())),
        extra_hosts=tuple(sorted(f"{name}:{address}" for name, address in extra_hosts.items())),
    )


def sandbox(tag: str) -> ContainerSpec:
    """The sandbox: the workspace and nothing else; it connects to the gateway's socket, so that mount is read-only."""
    return ContainerSpec(
        name=SANDBOX,
        image=f"{SANDBOX_IMAGE}:{tag}",
        seccomp_path=f"{SECCOMP_DIR}/sandbox.json",
        seccomp=render(PROFILES["sandbox"]),
        network="none",
        mounts=(
            Mount("volume", WORKSPACE_VOLUME, "/workspace", read_only=False),
            Mount("volume", SOCKET_VOLUME, "/run/sandbox", read_only=True),
        ),
        tmpfs=_tmp("32m"),
    )


def llm(tag: str) -> ContainerSpec:
    """litellm: the socket on which it is asked, and the gateway's, through which alone it goes out; no data."""
    return ContainerSpec(
        name=LLM,
        image=f"{LLM_IMAGE}:{tag}",
        seccomp_path=f"{SECCOMP_DIR}/llm.json",
        seccomp=render(PROFILES["llm"]),
        network="none",
        mounts=(
            Mount("volume", LLM_SOCKET_VOLUME, "/run/llm", read_only=False),
            Mount("volume", EGRESS_VOLUME, "/run/egress", read_only=True),
        ),
        tmpfs=_tmp("16m"),
        memory=256 * MEBIBYTE,
    )


_LLM_MOUNTS_OF_GATEWAY = (
    Mount("volume", LLM_SOCKET_VOLUME, "/run/llm", read_only=True),
    Mount("volume", EGRESS_VOLUME, "/run/egress", read_only=False),
)


def _tmp(size: str) -> tuple[tuple[str, str], ...]:
    """Bounded in files too: a million empty ones would take the container's memory until it starts anew."""
    return (
        ("/tmp", f"rw,noexec,nosuid,nodev,size={size},nr_inodes=8k"),  # noqa: S108 (a tmpfs of the container's own)
        # Docker's own /dev/shm knows a size only.
        ("/dev/shm", "rw,noexec,nosuid,nodev,size=8m,nr_inodes=1k"),  # noqa: S108
    )
