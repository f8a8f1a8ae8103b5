"""Reading a container's controls from `docker inspect`, as Docker 20.10 to 29 write them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from roles.common.spec import SPEC_LABEL, Mount
from roles.common.words import sentence

_NO_NEW_PRIVILEGES = ("no-new-privileges", "no-new-privileges:true", "no-new-privileges=true")


def found(container: Mapping[str, Any], image: Mapping[str, Any] | None) -> dict[str, Any]:
    """Every control of an inspected container, under the names of `ContainerSpec.wanted`.

    Args:
        container: one element of `docker container inspect`.
        image: the inspected image that is wanted; what the container sets beyond it counts as its own.
    """
    config, host = container["Config"], container["HostConfig"]
    return {
        "image": container["Image"],
        "spec": (config.get("Labels") or {}).get(SPEC_LABEL, ""),
        **_process(config, host, image),
        **_limits(host),
        **_security_options(host.get("SecurityOpt") or []),
        **_isolation(host),
        **_network(container, host),
        "mounts": sorted(str(_mount(item)) for item in container.get("Mounts") or []),
        "tmpfs": host.get("Tmpfs") or {},
        "restart": (host.get("RestartPolicy") or {}).get("Name", ""),
        "log": _log(host.get("LogConfig") or {}),
    }


def _process(config: Mapping[str, Any], host: Mapping[str, Any], image: Mapping[str, Any] | None) -> dict[str, Any]:
    of_image = set(((image or {}).get("Config") or {}).get("Env") or [])
    return {
        "user": config.get("User", ""),
        "hostname": config.get("Hostname", ""),
        "entrypoint": config.get("Entrypoint") or [],
        "command": config.get("Cmd") or [],
        "workdir": config.get("WorkingDir") or "",
        "healthcheck": config.get("Healthcheck") or {},
        "stop-signal": config.get("StopSignal") or "",
        # The names alone: a value may be somebody's key.
        "env": sorted(line.partition("=")[0] for line in set(config.get("Env") or []) - of_image),
        "tty": bool(config.get("Tty")),
        "interactive": bool(config.get("OpenStdin")),
        "init": bool(host.get("Init")),
    }


def _limits(host: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "memory": host.get("Memory") or 0,
        "memory-swap": host.get("MemorySwap") or 0,
        "cpus": host.get("NanoCpus") or 0,
        "cpu-quota": host.get("CpuQuota") or 0,
        "cpu-period": host.get("CpuPeriod") or 0,
        "cpuset": host.get("CpusetCpus") or "",
        "pids-limit": host.get("PidsLimit") or 0,
        "ulimits": {item["Name"]: (item["Soft"], item["Hard"]) for item in host.get("Ulimits") or []},
        "oom-kill-disable": bool(host.get("OomKillDisable")),
        "oom-score-adj": host.get("OomScoreAdj") or 0,
    }


def _security_options(options: Iterable[str]) -> dict[str, Any]:
    seccomp: object = sentence("default_seccomp")
    privileges, others = False, []
    for option in options:
        if option in _NO_NEW_PRIVILEGES:
            privileges = True
        elif option.startswith(("seccomp=", "seccomp:")):
            seccomp = _profile(option[len("seccomp=") :])
        else:
            others.append(option)
    return {"no-new-privileges": privileges, "seccomp": seccomp, "security-opt": sorted(others)}


def _profile(text: str) -> object:
    """The profile that the docker client put in; `unconfined` and the like stay as they are."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _isolation(host: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "read-only": bool(host.get("ReadonlyRootfs")),
        "privileged": bool(host.get("Privileged")),
        "cap-drop": _capabilities(host.get("CapDrop")),
        "cap-add": _capabilities(host.get("CapAdd")),
        # `--security-opt systempaths=unconfined` leaves no trace but these two lists being empty.
        "masked-paths": "/proc/kcore" in (host.get("MaskedPaths") or []),
        "read-only-paths": "/proc/sys" in (host.get("ReadonlyPaths") or []),
        "pid": host.get("PidMode") or "",
        "ipc": host.get("IpcMode") or "",
        "cgroupns": host.get("CgroupnsMode") or "",
        "userns": host.get("UsernsMode") or "",
        "uts": host.get("UTSMode") or "",
        "cgroup-parent": host.get("CgroupParent") or "",
        "devices": [item.get("PathOnHost", "") for item in host.get("Devices") or []],
        "device-cgroup-rules": host.get("DeviceCgroupRules") or [],
        "device-requests": [item.get("Driver") or sentence("some_device") for item in host.get("DeviceRequests") or []],
        "group-add": host.get("GroupAdd") or [],
        "links": host.get("Links") or [],
        "volumes-from": host.get("VolumesFrom") or [],
        "sysctls": host.get("Sysctls") or {},
    }


def _capabilities(names: Iterable[str] | None) -> list[str]:
    return sorted(name.upper().removeprefix("CAP_") for name in names or [])


def _network(container: Mapping[str, Any], host: Mapping[str, Any]) -> dict[str, Any]:
    attached = (container.get("NetworkSettings") or {}).get("Networks") or {}
    main = host.get("NetworkMode", "")
    return {
        "network": main,
        "networks": sorted(attached),
        "network-id": (attached.get(main) or {}).get("NetworkID") or None,
        "publish": sorted(host.get("PortBindings") or {}),
        "publish-all": bool(host.get("PublishAllPorts")),
        "add-host": sorted(host.get("ExtraHosts") or []),
        "dns": host.get("Dns") or [],
    }


def _mount(item: Mapping[str, Any]) -> Mount:
    source = item["Name"] if item["Type"] == "volume" else item.get("Source", "")
    return Mount(item["Type"], source, item["Destination"], not item["RW"], item.get("Propagation") or "")


def _log(config: Mapping[str, Any]) -> dict[str, str]:
    options = config.get("Config") or {}
    return {
        "driver": config.get("Type", ""),
        "max-size": options.get("max-size", ""),
        "max-file": options.get("max-file", ""),
    }
