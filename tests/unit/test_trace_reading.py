"""What the seccomp tracer makes of strace's files: whose calls count, from when, and for which workload."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.trace.reading import HEALTH_CHECK, Trace, Window

OURS, FOREIGN = "a" * 64, "b" * 64
FILTER = "prctl(0x16, 0x2, 0xc0, 0, 0) = 0"


def write(folder: Path, thread: int, *lines: str) -> None:
    (folder / f"t.{thread}").write_text("".join(f"{line}\n" for line in lines))


def read(folder: Path) -> dict[str, set[str]]:
    windows = [Window("first", 0, 10), Window("second", 10, 20)]
    return Trace.read(folder, {OURS: "box"}, windows).calls["box"]


def runc(container: str, *rest: str) -> list[str]:
    return [f'1.0 execve("/usr/sbin/runc", ["runc", "create", "{container}"], 0x1 /* 3 vars */) = 0', *rest]


def test_a_call_counts_once_the_filter_is_loaded(tmp_path: Path) -> None:
    write(tmp_path, 1, *runc(OURS, "1.1 mount(0) = 0", f"1.2 {FILTER}", "1.3 close(0x3) = 0"))

    assert read(tmp_path) == {"close": {"first"}}


def test_the_filter_may_come_by_seccomp_and_a_failed_attempt_is_none(tmp_path: Path) -> None:
    failed = "1.1 seccomp(0x1, 0x1, 0)  = -1 EFAULT (Bad address)"
    write(tmp_path, 1, *runc(OURS, failed, "1.2 mount(0) = 0", "1.3 seccomp(0x1, 0x1, 0x7f) = 0", "1.4 read(0) = 0"))

    assert set(read(tmp_path)) == {"read"}


def test_children_and_threads_are_under_the_filter_and_earlier_ones_are_not(tmp_path: Path) -> None:
    write(
        tmp_path, 1,
        *runc(
            OURS,
            "1.1 clone(child_stack=NULL, flags=SIGCHLD) = 5 /* 2 in strace's PID NS */",
            "1.2 clone3({flags=CLONE_VM|CLONE_THREAD}, 88) = 6 /* 3 in strace's PID NS */",
            f"1.3 {FILTER}",
            "1.4 vfork() = 4",
        ),
    )  # fmt: skip
    write(tmp_path, 2, "1.5 umount2(0) = 0")
    write(tmp_path, 3, "1.2 setns(0) = 0", "1.6 futex(0) = 0")
    write(tmp_path, 4, "1.7 dup2(0) = 0")

    assert set(read(tmp_path)) == {"vfork", "futex", "dup2"}


def test_a_number_that_is_used_again_is_another_process(tmp_path: Path) -> None:
    made = "2.0 clone(child_stack=NULL, flags=SIGCHLD) = 5 /* 2 in strace's PID NS */"
    write(tmp_path, 1, *runc(OURS, f"1.2 {FILTER}", made))
    write(tmp_path, 2, "2.1 dup2(0) = 0", "4.1 mount(0) = 0")
    write(tmp_path, 3, *runc(OURS, "4.0 clone(child_stack=NULL, flags=SIGCHLD) = 2"))

    assert set(read(tmp_path)) == {"clone", "dup2"}


def test_a_call_that_strace_cannot_name_is_named(tmp_path: Path) -> None:
    write(tmp_path, 1, *runc(OURS, f"1.2 {FILTER}", "1.3 syscall_0x1c4(0xffffff9c, 0x7f, 0x1ed) = 0"))

    assert set(read(tmp_path)) == {"fchmodat2"}


def test_a_call_belongs_to_the_workload_of_its_time_and_a_health_check_to_itself(tmp_path: Path) -> None:
    write(tmp_path, 1, *runc(OURS, f"1.2 {FILTER}", "2.0 read(0) = 0", "12.0 read(0) = 0", "30.0 bind(0) = 0"))
    check = '11.0 execve("/usr/bin/python3", ["python3", "-m", "agent.gateway.healthcheck"], 0x1 /* 3 vars */) = 0'
    write(tmp_path, 2, *runc(OURS, f"1.2 {FILTER}", check, "12.0 connect(0) = 0"))

    found = read(tmp_path)

    assert found["read"] == {"first", "second"}
    assert found["connect"] == {HEALTH_CHECK}
    assert "bind" not in found, "after the last workload"


def test_another_container_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, 1, *runc(FOREIGN, f"1.2 {FILTER}", "1.3 close(0x3) = 0"))

    assert read(tmp_path) == {}


def test_requests_of_ioctl_and_options_of_prctl_are_noted(tmp_path: Path) -> None:
    write(tmp_path, 1, *runc(OURS, f"1.2 {FILTER}", "1.3 ioctl(0, 0x5413, 0x7f) = 0", "1.4 prctl(0xf, 0x7f, 0) = 0"))
    trace = Trace.read(tmp_path, {OURS: "box"}, [Window("first", 0, 10)])

    assert trace.ioctls["box"] == {"0x5413": {"first"}}
    assert trace.prctls["box"] == {"0xf": {"first"}}


@pytest.mark.parametrize("line", ["", "+++ exited with 0 +++", "1.5 <... read resumed>) = 0"])
def test_other_lines_are_passed_over(tmp_path: Path, line: str) -> None:
    write(tmp_path, 1, *runc(OURS, f"1.2 {FILTER}", line))

    assert read(tmp_path) == {}
