"""What the self-check makes of what a container sees: the texts of a real one, each then weakened."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from agent.confinement import report, words
from agent.confinement.checks import MEBIBYTE, ROLES, Row, problem, rows
from agent.confinement.report import as_json, show, table
from agent.confinement.view import View, fields, gateway_address, interfaces, mounts

STATUS = """\
Name:\tpython3
Uid:\t1000\t1000\t1000\t1000
Gid:\t1000\t1000\t1000\t1000
Groups:\t1000
CapInh:\t0000000000000000
CapPrm:\t0000000000000000
CapEff:\t0000000000000000
CapBnd:\t0000000000000000
CapAmb:\t0000000000000000
NoNewPrivs:\t1
Seccomp:\t2
"""
MOUNTS = """\
753 644 0:110 / / ro,relatime master:200 - overlay overlay rw,lowerdir=/a:/b,upperdir=/c,workdir=/d
754 753 0:113 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
755 753 0:114 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755
756 755 0:115 / /dev/pts rw,nosuid,noexec,relatime - devpts devpts rw,gid=5,mode=620,ptmxmode=666
757 753 0:116 / /sys ro,nosuid,nodev,noexec,relatime - sysfs sysfs ro
758 757 0:117 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,mode=755
765 758 0:32 / /sys/fs/cgroup/memory ro,nosuid,nodev,noexec,relatime - cgroup cgroup rw,memory
768 755 0:112 / /dev/mqueue rw,nosuid,nodev,noexec,relatime - mqueue mqueue rw
769 755 0:118 / /dev/shm rw,nosuid,nodev,noexec,relatime - tmpfs shm rw,size=8192k
770 753 254:0 /volumes/workspace/_data /workspace rw,nosuid,nodev,relatime master:4 - ext4 /dev/vda rw
771 753 0:119 / /tmp rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,size=32768k
772 753 0:99 / /run/sandbox ro,relatime master:196 - tmpfs tmpfs rw,size=1024k,mode=700,uid=1000,gid=1000
775 753 254:0 /containers/hosts /etc/hosts ro,relatime - ext4 /dev/vda rw
672 754 0:113 /sys /proc/sys ro,nosuid,nodev,noexec,relatime - proc proc rw
674 754 0:114 /null /proc/keys rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755
"""
NET = """\
Inter-|   Receive                            |  Transmit
 face |bytes    packets errs drop compressed |bytes    packets errs drop compressed
    lo:       0       0    0    0          0         0       0    0    0          0
  sit0:       0       0    0    0          0         0       0    0    0          0
"""
LIMITS = """\
Limit                     Soft Limit           Hard Limit           Units
Max core file size        0                    0                    bytes
Max open files            1024                 1024                 files
"""


def confined() -> View:
    """The view of a sandbox that is as the deploy made it."""
    view = View.__new__(View)
    view.status = view.first = fields(STATUS)
    view.mounts = mounts(MOUNTS)
    view.interfaces = interfaces(NET)
    view.limits = LIMITS
    view.devices = frozenset({"null", "zero", "tty", "shm", "mqueue", "pts"})
    view.sockets = []
    view.probe = "EPERM"
    view.host_answer = ""
    view.memory, view.swap, view.swap_counted = 128 * MEBIBYTE, 0, True
    view.pids, view.cpu_quota, view.cpu_period = 64, 100_000, 100_000
    return view


def failing(view: View, role: str = "sandbox") -> list[str]:
    return [row.id for row in rows(view, ROLES[role]) if not row.ok]


def test_a_container_as_the_deploy_made_it_is_well() -> None:
    found = rows(confined(), ROLES["sandbox"])

    assert [row.id for row in found if not row.ok] == []
    assert problem(found) == ""


def status(old: str, new: str) -> Callable[[View], None]:
    def weaken(view: View) -> None:
        assert old in STATUS
        view.status = fields(STATUS.replace(old, new))

    return weaken


def mount(old: str, new: str) -> Callable[[View], None]:
    def weaken(view: View) -> None:
        assert old in MOUNTS
        view.mounts = mounts(MOUNTS.replace(old, new))

    return weaken


def having(**values: object) -> Callable[[View], None]:
    def weaken(view: View) -> None:
        for name, value in values.items():
            setattr(view, name, value)

    return weaken


DOCKER_SOCKET = "780 753 0:9 /docker.sock /var/run/docker.sock rw,relatime - tmpfs tmpfs rw\n"
WEAKENED = [
    ("read-only", mount("/ / ro,", "/ / rw,")),
    ("read-only", mount("/run/sandbox ro,", "/run/sandbox-elsewhere ro,")),
    ("writable", mount("/etc/hosts ro,", "/etc/hosts rw,")),
    ("writable", having(mounts=mounts(MOUNTS + DOCKER_SOCKET))),
    ("volume", mount("/workspace rw,nosuid,", "/workspace rw,")),
    ("volume", mount("/workspace rw,nosuid,nodev", "/workspace rw,nosuid")),
    ("capabilities", status("CapBnd:\t0000000000000000", "CapBnd:\t00000000a80425fb")),
    ("capabilities", status("CapBnd:\t0000000000000000\n", "")),
    ("capabilities", status("CapAmb:\t0000000000000000", "CapAmb:\t0000000000000400")),
    ("no-new-privileges", status("NoNewPrivs:\t1", "NoNewPrivs:\t0")),
    ("seccomp", status("Seccomp:\t2", "Seccomp:\t0")),
    ("seccomp", having(probe="allowed")),
    ("user", status("Uid:\t1000\t1000", "Uid:\t1000\t0")),
    ("user", status("Groups:\t1000", "Groups:\t0 1000")),
    ("memory", having(memory=None)),
    ("memory", having(memory=256 * MEBIBYTE)),
    ("swap", having(swap=128 * MEBIBYTE)),
    ("swap", having(swap=None)),
    ("cpu", having(cpu_quota=None)),
    ("cpu", having(cpu_quota=200_000)),
    ("pids", having(pids=None)),
    ("pids", having(pids=65)),
    ("docker-socket", having(sockets=["/run/docker.sock"])),
    ("network", having(interfaces=frozenset({"lo", "eth0"}))),
    ("tmp", mount("/tmp rw,nosuid,nodev,noexec,", "/tmp rw,nosuid,nodev,")),
    ("tmp", mount("tmpfs rw,size=32768k", "tmpfs rw")),
    ("tmp", mount("/tmp rw,nosuid,nodev,noexec,relatime - tmpfs", "/tmp rw,nosuid,nodev,noexec,relatime - ext4")),
    ("shm", mount("size=8192k", "size=65536k")),
    ("shm", mount("/dev/shm rw,nosuid,nodev,noexec,", "/dev/shm rw,nosuid,nodev,")),
    ("core-dumps", having(limits=LIMITS.replace("0                    0 ", "0                    unlimited "))),
    ("namespaces", having(first={"Uid": "0\t0\t0\t0"})),
    ("namespaces", having(first={})),
    ("kernel-files", mount("/proc/sys ro,", "/proc/sys rw,")),
    ("kernel-files", mount("/proc/keys", "/proc/other")),
    ("kernel-files", mount("/ /sys ro,", "/ /sys-elsewhere ro,")),
    ("devices", having(devices=frozenset({"null", "kvm"}))),
]


@pytest.mark.parametrize(("control", "weaken"), WEAKENED, ids=[f"{i}-{c}" for i, (c, _) in enumerate(WEAKENED)])
def test_what_is_missing_is_named(control: str, weaken: Callable[[View], None]) -> None:
    view = confined()
    weaken(view)

    assert failing(view) == [control]
    assert control in problem(rows(view, ROLES["sandbox"]))


def test_every_control_has_been_seen_failing() -> None:
    assert {control for control, _ in WEAKENED} == {row.id for row in rows(confined(), ROLES["sandbox"])}


def test_swap_that_the_kernel_does_not_count_is_no_fault_of_the_container() -> None:
    view = confined()
    view.swap_counted, view.swap = False, None

    assert failing(view) == []


def test_the_gateway_has_other_places_and_an_interface_more() -> None:
    view = confined()
    text = MOUNTS.replace("/workspace rw,", "/var/lib/picoclaw rw,noexec,").replace(
        "/run/sandbox ro,", "/run/sandbox rw,"
    )
    view.mounts = mounts(text + "781 753 0:9 /config /etc/picoclaw ro,relatime - ext4 /dev/vda rw\n")
    view.interfaces = frozenset({"lo", "eth0"})

    assert failing(view, "gateway") == []
    view.host_answer = "EHOSTUNREACH"
    assert failing(view, "gateway") == []
    for answer in ("ECONNREFUSED", "connected"):
        view.host_answer = answer
        assert failing(view, "gateway") == ["firewall"]
    assert failing(view, "sandbox") == ["read-only", "writable", "volume", "network"]


def test_the_gateway_may_write_the_socket_of_its_proxy_and_not_that_of_litellm() -> None:
    view = confined()
    own = MOUNTS.replace("/workspace rw,", "/var/lib/picoclaw rw,noexec,")
    own += "781 753 0:9 /config /etc/picoclaw ro,relatime - ext4 /dev/vda rw\n"
    own += "792 753 0:98 / /run/egress rw,nosuid,nodev,noexec - tmpfs tmpfs rw,size=1024k\n"
    view.interfaces = frozenset({"lo", "eth0"})

    view.mounts = mounts(own + "793 753 0:97 / /run/llm ro - tmpfs tmpfs rw,size=1024k\n")
    assert failing(view, "gateway") == []
    view.mounts = mounts(own + "793 753 0:97 / /run/llm rw - tmpfs tmpfs rw,size=1024k\n")
    assert failing(view, "gateway") == ["writable"]


def litellm_container() -> View:
    """The view of `picoclaw-llm`: twice the memory, and two sockets' volumes instead of a workspace."""
    view = confined()
    sockets = "792 753 0:98 / /run/llm rw,nosuid,nodev,noexec - tmpfs tmpfs rw,size=1024k\n"
    sockets += "793 753 0:97 / /run/egress ro,nosuid - tmpfs tmpfs rw,size=1024k\n"
    view.mounts = mounts("".join(line for line in MOUNTS.splitlines(True) if "/workspace" not in line) + sockets)
    view.memory = 256 * MEBIBYTE
    return view


def test_the_container_of_litellm_has_twice_the_memory_and_no_workspace() -> None:
    view = litellm_container()

    assert failing(view, "llm") == []
    assert failing(view, "sandbox") == ["writable", "volume", "memory"]
    assert failing(confined(), "llm") == ["read-only", "writable", "volume"]


@pytest.mark.parametrize(
    ("control", "values"),
    [
        ("memory", {"memory": 257 * MEBIBYTE}),
        ("network", {"interfaces": frozenset({"lo", "eth0"})}),
        ("read-only", {"mounts": mounts(MOUNTS)}),
    ],
)
def test_what_weakens_the_container_of_litellm(control: str, values: dict[str, object]) -> None:
    view = litellm_container()
    having(**values)(view)

    assert control in failing(view, "llm")


def test_the_host_is_the_default_route() -> None:
    head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n"
    neighbour, default = "eth0\t000012AC\t00000000\t0001\n", "eth0\t00000000\t010012AC\t0003\n"

    assert gateway_address(head + neighbour + default) == "172.18.0.1"
    assert gateway_address(head + neighbour) == ""
    assert gateway_address("") == ""


def test_a_line_of_mountinfo_may_cover_another() -> None:
    view = confined()
    view.mounts = mounts(MOUNTS + "790 753 0:9 / /tmp rw,relatime - tmpfs tmpfs rw,size=1k\n")

    assert failing(view) == ["tmp"]


@pytest.mark.parametrize("language", ["en", "pl", "pl_PL.UTF-8", "de"])
def test_the_table_has_a_row_for_each_control(language: str) -> None:
    found = rows(confined(), ROLES["sandbox"])
    next(row for row in found if row.id == "no-new-privileges").ok = False
    lines = table(found, language).splitlines()

    assert sum(line.startswith("✔") for line in lines) == len(found) - 1
    (failed,) = (line for line in lines if line.startswith("✘"))
    assert failed.split()[1] == "no-new-privileges"
    assert ("Działa tylko" if language.startswith("pl") else "Only") in lines[-1]


def test_every_control_has_both_names() -> None:
    assert words.NAMES.keys() == {row.id for row in rows(confined(), ROLES["gateway"])}
    assert all(english and polish for english, polish in words.NAMES.values())


def test_json_says_what_the_table_says() -> None:
    assert '"id": "shm"' in as_json([Row("shm", "a", "b", ok=False)])
    assert '"ok": false' in as_json([Row("shm", "a", "b", ok=False)])


@pytest.mark.parametrize("well", [True, False])
def test_what_is_shown_is_the_container_and_the_exit_code_its_verdict(
    well: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = litellm_container()
    seen.pids = 64 if well else 65
    monkeypatch.setattr(report, "View", lambda: seen)

    assert show("llm", "pl", json=False) == (not well)
    assert ("Działa tylko" in capsys.readouterr().out) == (not well)
    assert show("llm", "pl", json=True) == (not well)
    failing_rows = [row["id"] for row in json.loads(capsys.readouterr().out) if not row["ok"]]
    assert failing_rows == ([] if well else ["pids"])
