"""What a container sees, may write and may run."""

from __future__ import annotations

from typing import Any

from tests.compliance.checking import Expect, configured, effective, tried
from tests.compliance.kernel import Mount, Process, everywhere, megabytes
from tests.compliance.live import GATEWAY, LLM, SANDBOX, Container, Live
from tests.compliance.words import NOTHING, Words

_HARMLESS = {"noexec", "nosuid", "nodev"}
_SHM = 8 * 1024 * 1024
_TMP = 32 * 1024 * 1024
# Docker's own in every container: pseudo file systems, and tmpfs whose content belongs to root.
_PSEUDO = {"/proc", "/dev", "/dev/pts", "/sys/fs/cgroup"}
# Docker makes these three; with a writable root they are writable, too.
_ROOT = ("/", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf")
_SCRATCH = {"/tmp", "/dev/shm", "/dev/mqueue"}
_WRITABLE = {GATEWAY: {"/var/lib/picoclaw", "/run/sandbox"}, SANDBOX: {"/workspace"}, LLM: {"/run/llm"}}
_READ_ONLY = ("/proc/sys", "/proc/bus", "/proc/fs", "/sys")
# Which of these there are differs between kernels; `systempaths=unconfined` uncovers them all.
_MASKED = ("/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/acpi", "/proc/scsi", "/sys/firmware")
# Where from, where to, and whether it may be written.
_MOUNTS = {
    GATEWAY: {
        "/opt/stacks/picoclaw/config → /etc/picoclaw (ro)",
        "picoclaw-state → /var/lib/picoclaw (rw)",
        "picoclaw-sandbox-socket → /run/sandbox (rw)",
    },
    SANDBOX: {"picoclaw_picoclaw-workspace → /workspace (rw)", "picoclaw-sandbox-socket → /run/sandbox (ro)"},
    LLM: {"picoclaw-llm-socket → /run/llm (rw)", "picoclaw-egress → /run/egress (ro)"},
}
# What the gateway has on top of its own where a model needs litellm.
_TO_LITELLM = {"picoclaw-llm-socket → /run/llm (ro)", "picoclaw-egress → /run/egress (rw)"}
_DEVICES = frozenset((
    "console", "core", "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout",
    "tty", "urandom", "zero",
))  # fmt: skip


def _is_docker_socket(path: str) -> bool:
    return any(name in path for name in ("docker.sock", "containerd", "podman.sock"))


def _memory_disk(process: Process, point: str) -> dict[str, Any]:
    mount = process.mounts.get(point, Mount("", "", "", frozenset(), frozenset()))
    return {"type": mount.kind, "options": set(mount.options & _HARMLESS), "size": megabytes(mount.size)}


@configured("read-only", "The root file system is configured read-only", "System plików ustawiony tylko do odczytu")
def test_root_is_configured_read_only(container: Container, expect: Expect) -> None:
    expect({"ReadonlyRootfs": True}, {"ReadonlyRootfs": container.host_config["ReadonlyRootfs"]})


@effective("read-only", "Every process has it mounted read-only", "Każdy proces ma go tylko do odczytu")
def test_root_is_mounted_read_only(container: Container, expect: Expect) -> None:
    expect(
        dict.fromkeys(_ROOT, "ro"),
        everywhere(
            container.processes,
            lambda p: {point: "ro" if p.mounts[point].read_only else "rw" for point in _ROOT if point in p.mounts},
        ),
    )


@tried("read-only", "Making a file there is refused", "Utworzenie tam pliku jest odrzucane")
def test_writing_to_root_is_refused(container: Container, expect: Expect) -> None:
    expect.refused(container.probe["write"], "EROFS")


@configured("tmpfs-noexec", "/tmp is a tmpfs from which nothing runs", "/tmp to tmpfs, z którego nic się nie uruchomi")
def test_tmp_is_configured(container: Container, expect: Expect) -> None:
    options = set((container.host_config["Tmpfs"] or {}).get("/tmp", "").split(","))
    size = {option for option in options if option.startswith("size=")}
    expect.that(options >= _HARMLESS and bool(size), {*_HARMLESS, "size=…"}, options & _HARMLESS | size)


@effective("tmpfs-noexec", "It is mounted so for every process, with a size", "Tak jest zamontowany, z rozmiarem")
def test_tmp_is_mounted_so(container: Container, expect: Expect) -> None:
    seen = everywhere(container.processes, lambda p: _memory_disk(p, "/tmp"))
    sizes = [process.mounts["/tmp"].size for process in container.processes if "/tmp" in process.mounts]
    limited = bool(sizes) and all(size is not None and size <= _TMP for size in sizes)
    well = limited and seen.get("options") == _HARMLESS and seen["type"] == "tmpfs"
    expect.that(well, {"type": "tmpfs", "options": _HARMLESS, "size": f"≤ {megabytes(_TMP)}"}, seen)


@tried("tmpfs-noexec", "A program put there does not run", "Umieszczony tam program się nie uruchamia")
def test_a_program_in_tmp_does_not_run(container: Container, expect: Expect) -> None:
    # Where uid 1000 cannot even write, nothing can be put.
    expect.refused({"execve": container.probe["execute"]["/tmp"]}, "EACCES", "not written: EACCES")


@configured("shm", "/dev/shm is small and the container's own", "/dev/shm jest małe i należy do kontenera")
def test_shm_is_configured(container: Container, expect: Expect) -> None:
    wanted = {*_HARMLESS, f"size={_SHM // 1024**2}m"}
    options = set((container.host_config["Tmpfs"] or {}).get("/dev/shm", "").split(","))
    expect(wanted, options & wanted | {option for option in options if option.startswith("size=")})


@effective("shm", "It is mounted so for every process", "Tak jest zamontowane dla każdego procesu")
def test_shm_is_mounted_so(container: Container, expect: Expect) -> None:
    seen = everywhere(container.processes, lambda p: _memory_disk(p, "/dev/shm"))
    expect({"type": "tmpfs", "options": _HARMLESS, "size": megabytes(_SHM)}, seen)


@tried(
    "shm", "It holds no more, and a program put there does not run", "Nie zmieści więcej, a program się nie uruchamia"
)
def test_shm_from_inside(container: Container, expect: Expect) -> None:
    size, answer = container.probe["size"]["/dev/shm"], container.probe["execute"]["/dev/shm"]
    expect.that(
        size <= _SHM and answer == "EACCES",
        {"size": f"≤ {megabytes(_SHM)}", "execve": "EACCES"},
        {"size": megabytes(size), "execve": answer},
    )


@configured("mounts", "Nothing of the host is mounted but the named volumes", "Z hosta tylko nazwane wolumeny")
def test_mounts_are_configured(live: Live, container: Container, expect: Expect) -> None:
    mounts = [mount for mount in container.inspect["Mounts"] if not _is_docker_socket(mount.get("Source", ""))]
    more = _TO_LITELLM if container.name == GATEWAY and live.needs_litellm else set()
    expect(_MOUNTS[container.name] | more, {_described(mount) for mount in mounts if mount["Type"] != "tmpfs"})


def _described(mount: dict[str, Any]) -> str:
    source = mount["Name"] if mount["Type"] == "volume" else mount["Source"]
    return f"{source} → {mount['Destination']} ({'rw' if mount['RW'] else 'ro'})"


@configured("mounts", "No device and no shared mount", "Żadnych urządzeń ani współdzielonych montowań")
def test_no_device_is_configured(container: Container, expect: Expect) -> None:
    host = container.host_config
    seen = {
        "Devices": [device["PathOnHost"] for device in host["Devices"] or []],
        "DeviceRequests": len(host.get("DeviceRequests") or []),
        "DeviceCgroupRules": host["DeviceCgroupRules"] or [],
        "shared": [m["Destination"] for m in container.inspect["Mounts"] if "shared" in m.get("Propagation", "")],
    }
    expect({"Devices": [], "DeviceRequests": 0, "DeviceCgroupRules": [], "shared": []}, seen)


@effective("mounts", "The writable mounts are these and no other", "Zapisywalne montowania to te i żadne inne")
def test_writable_mounts(live: Live, container: Container, expect: Expect) -> None:
    expect(_own_places(live, container), everywhere(container.processes, _writable))


def _own_places(live: Live, container: Container) -> set[str]:
    more = {"/run/egress"} if container.name == GATEWAY and live.needs_litellm else set()
    return _WRITABLE[container.name] | more


def _writable(process: Process) -> set[str]:
    known = _PSEUDO | _SCRATCH | {*_ROOT}
    open_ = [mount for mount in process.mounts.values() if not mount.read_only and mount.root != "/null"]
    return {mount.point for mount in open_ if mount.point not in known and not _is_docker_socket(mount.point)}


@effective(
    "mounts",
    "What it writes there cannot be run, but in the workspace",
    "Niczego, co tam zapisze, nie da się uruchomić, prócz przestrzeni roboczej",
)
def test_nothing_runs_from_the_volumes(container: Container, expect: Expect) -> None:
    mounts = [mount for mount in container.inspect["Mounts"] if mount["Type"] == "volume" and mount["RW"]]
    points = {mount["Destination"] for mount in mounts} - {"/workspace"}
    expect(
        dict.fromkeys(points, _HARMLESS),
        everywhere(container.processes, lambda p: {point: _options(p, point) for point in points}),
    )


def _options(process: Process, point: str) -> set[str]:
    return set(process.mounts[point].options & _HARMLESS) if point in process.mounts else set()


@effective("mounts", "No mount is shared with the host", "Żadne montowanie nie jest współdzielone z hostem")
def test_no_mount_is_shared(container: Container, expect: Expect) -> None:
    expect(set(), everywhere(container.processes, _shared))


def _shared(process: Process) -> set[str]:
    return {m.point for m in process.mounts.values() if any(o.startswith("shared:") for o in m.propagation)}


@effective(
    "mounts",
    "/proc and /sys are read-only or masked where they matter",
    "/proc i /sys są zasłonięte lub tylko do odczytu",
)
def test_kernel_files_are_masked(container: Container, expect: Expect) -> None:
    wanted = {"read-only": set(_READ_ONLY), "masked": True}
    expect(wanted, everywhere(container.processes, _kernel_files))


def _kernel_files(process: Process) -> dict[str, Any]:
    mounts = process.mounts
    return {
        "read-only": {point for point in _READ_ONLY if point in mounts and mounts[point].read_only},
        "masked": any(point in mounts for point in _MASKED),
    }


@tried("mounts", "Only its own places take a file", "Plik da się utworzyć tylko we własnych miejscach")
def test_writable_places_from_inside(live: Live, container: Container, expect: Expect) -> None:
    wanted = _own_places(live, container)
    seen = set(container.probe["writable"]) - _SCRATCH - _PSEUDO - {*_ROOT}
    expect.that(seen <= wanted, wanted, seen)


@tried(
    "mounts", "Kernel memory, keys and settings are out of reach", "Pamięć jądra, klucze i ustawienia są poza zasięgiem"
)
def test_kernel_files_from_inside(container: Container, expect: Expect) -> None:
    seen = {**container.probe["kernel"], "/proc/sys/kernel/core_pattern": container.probe["proc-sys"]}
    expect.refused(seen, "ENOENT", "EACCES", "EPERM", "EROFS", "empty")


@tried("mounts", "/dev holds only what every container has", "W /dev jest tylko to, co w każdym kontenerze")
def test_devices_from_inside(container: Container, expect: Expect) -> None:
    expect(set(), set(container.probe["devices"]) - _DEVICES)


@configured(
    "workspace",
    "systemd mounts it so at boot, before Docker starts",
    "systemd montuje ją tak przy starcie, przed Dockerem",
)
def test_workspace_is_mounted_at_boot(live: Live, expect: Expect) -> None:
    expect("enabled", live.facts["workspace"])


@effective("workspace", "It is mounted nosuid,nodev for every process", "Zamontowana nosuid,nodev dla każdego procesu")
def test_workspace_is_mounted_so(sandbox: Container, expect: Expect) -> None:
    expect({"nosuid", "nodev"}, everywhere(sandbox.processes, _workspace_options))


def _workspace_options(process: Process) -> set[str] | Words:
    mount = process.mounts.get("/workspace")
    return NOTHING if mount is None else set(mount.options & {"nosuid", "nodev"})


@tried(
    "workspace",
    "A device that the host put there cannot be opened",
    "Urządzenia umieszczonego tam przez hosta nie da się otworzyć",
)
def test_a_device_in_the_workspace_has_no_effect(live: Live, sandbox: Container, expect: Expect) -> None:
    if live.facts["device"] != "made":
        expect.cannot(
            "this host may not make device files (an unprivileged LXC container), so there is none to try",
            "ten host nie może tworzyć plików urządzeń (nieuprzywilejowany kontener LXC), więc nie ma czego próbować",
        )
    expect.refused({"open": sandbox.probe["device"]}, "EACCES")


@configured("no-docker-socket", "Docker's socket is not mounted", "Gniazdo Dockera nie jest zamontowane")
def test_no_docker_socket_is_configured(container: Container, expect: Expect) -> None:
    expect(set(), {m["Source"] for m in container.inspect["Mounts"] if _is_docker_socket(m.get("Source", ""))})


@effective("no-docker-socket", "No process has it among its mounts", "Żaden proces nie ma go wśród montowań")
def test_no_docker_socket_is_mounted(container: Container, expect: Expect) -> None:
    expect(set(), everywhere(container.processes, _sockets))


def _sockets(process: Process) -> set[str]:
    return {mount.point for mount in process.mounts.values() if _is_docker_socket(mount.point + mount.root)}


@tried("no-docker-socket", "It is not found where it usually is", "Nie ma go tam, gdzie zwykle bywa")
def test_no_docker_socket_is_there(container: Container, expect: Expect) -> None:
    expect.refused(container.probe["sockets"], "ENOENT", "EACCES", "ENOTDIR")
