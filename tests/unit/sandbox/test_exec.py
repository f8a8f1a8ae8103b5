"""Commands: what they give back, and the ceilings they run under."""

from __future__ import annotations

import asyncio
import time

import pytest

from agent.sandbox.client import SandboxOperationError
from tests.unit.sandbox.box import Box


def refused(box: Box, command: str, timeout: float = 5.0, cwd: str = ".") -> SandboxOperationError:
    with pytest.raises(SandboxOperationError) as caught:
        box.run(box.link.exec(command, timeout=timeout, cwd=cwd))
    return caught.value


def test_output_and_exit_code(box: Box) -> None:
    result = box.exec("echo out; echo err >&2; exit 3")
    assert (result.exit_code, result.signal, result.timed_out) == (3, None, False)
    assert (result.output, result.omitted_bytes, result.note) == ("out\nerr\n", 0, "")
    assert 0 <= result.duration_s < 5


# 32 and 33, which glibc keeps to itself: no program can change what was inherited.
GLIBC_SIGNALS = 0b11 << 31


def test_ended_by_a_signal(box: Box) -> None:
    result = box.exec("kill -SEGV $$")
    assert (result.exit_code, result.signal, result.timed_out) == (None, "SIGSEGV", False)


def test_ignored_signals_are_default_again(box: Box) -> None:
    """Python ignores some, and so may whoever started the server (a shell's background job: SIGINT and SIGQUIT)."""
    assert box.exec("kill -PIPE $$").signal == "SIGPIPE"
    blocked, ignored = box.exec("grep -E 'Sig(Ign|Blk)' /proc/self/status").output.split()[1::2]
    assert int(blocked, 16) == 0
    assert int(ignored, 16) & ~GLIBC_SIGNALS == 0


def test_runs_in_the_workspace_with_a_clean_environment(box: Box) -> None:
    lines = box.exec("cd; pwd; env").output.splitlines()
    assert lines[0] == str(box.workspace)
    names = {line.partition("=")[0] for line in lines[1:]}
    assert names == {"HOME", "LANG", "LOGNAME", "OLDPWD", "PATH", "PWD", "SHELL", "SHLVL", "TERM", "USER", "_"}
    assert "LANG=C.UTF-8" in lines
    assert "TERM=dumb" in lines


def test_working_directory(box: Box) -> None:
    box.exec("mkdir -p somewhere")
    inside = box.run(box.link.exec("pwd", timeout=5, cwd="somewhere"))
    assert inside.output == f"{box.workspace}/somewhere\n"
    assert box.run(box.link.exec("pwd", timeout=5, cwd="/etc")).output == "/etc\n"
    missing = box.run(box.link.exec("pwd", timeout=5, cwd="nowhere"))
    assert missing.exit_code == 126
    assert "nowhere: No such file or directory" in missing.output


def test_standard_input_is_empty_and_nothing_else_is_open(box: Box) -> None:
    assert box.exec("cat | wc -c").output == "0\n"
    listing = box.exec("ls /proc/self/fd").output.split()
    assert listing == ["0", "1", "2", "3"]  # 3 is the directory that ls reads


def test_own_session(box: Box) -> None:
    pid, session = box.exec("echo $$; ps -o sid= -p $$").output.split()
    assert pid == session


@pytest.mark.parametrize("command", ["", "true", "echo zażółć gęślą jaźń 🦞", "printf 'a\\nb'"])
def test_simple_commands(box: Box, command: str) -> None:
    assert box.exec(command).exit_code == 0


def test_unicode_and_bytes_that_are_not(box: Box) -> None:
    assert box.exec("echo zażółć 🦞").output == "zażółć 🦞\n"
    assert box.exec(r"printf 'a\xff\xfeb'").output == "a\ufffd\ufffdb"
    assert box.exec(r"printf 'a\0b'").output == "a\0b"


def test_long_output_keeps_head_and_tail(box: Box) -> None:
    result = box.exec("seq 1 100000")
    total = sum(len(str(number)) + 1 for number in range(1, 100001))
    head, _, tail = result.output.partition(f"\n[... {result.omitted_bytes} bytes omitted ...]\n")
    assert head.startswith("1\n2\n3\n")
    assert tail.endswith("\n99999\n100000\n")
    assert len(head) == len(tail) == 16 * 1024
    assert result.omitted_bytes == total - 32 * 1024


def test_cut_characters_do_not_show(box: Box) -> None:
    result = box.exec("printf 'x'; printf 'ą%.0s' $(seq 1 40000)")
    assert "\ufffd" not in result.output
    assert result.omitted_bytes > 40000


def test_a_command_that_is_too_long_says_so(box: Box) -> None:
    assert box.exec(f"true {'x' * 100_000}").exit_code == 0
    error = refused(box, "x" * 1024 * 1024)
    assert error.code == "too_large"
    assert "1048576 bytes, and at most 131071" in str(error)


@pytest.mark.parametrize("timeout", [0, -1, 3601, "5", None, True])
def test_timeouts_that_make_no_sense(box: Box, timeout: object) -> None:
    with pytest.raises(SandboxOperationError, match="`timeout` must be a number of seconds above 0"):
        box.run(box.link.call("exec", command="true", timeout=timeout))


def test_parameters_that_make_no_sense(box: Box) -> None:
    assert refused(box, "a\0b").code == "bad_request"
    assert refused(box, "true", cwd="a\0b").code == "bad_request"
    assert refused(box, "echo \ud800").code == "bad_request"
    for wrong in ({}, {"command": 3, "timeout": 1}, {"command": ["ls"], "timeout": 1}):
        with pytest.raises(SandboxOperationError) as caught:
            box.run(box.link.call("exec", **wrong))
        assert caught.value.code == "bad_request"
    with pytest.raises(SandboxOperationError, match="no operation 'reboot'"):
        box.run(box.link.call("reboot"))


def test_timeout_ends_the_whole_session(box: Box) -> None:
    started = time.monotonic()
    result = box.exec("echo begun; sleep 1000.5 | sleep 1000.5", timeout=0.5)
    assert time.monotonic() - started < 2
    assert (result.timed_out, result.signal, result.exit_code) == (True, "SIGKILL", None)
    assert result.output == "begun\n"
    assert result.note == "It did not end within 0.5 s and was killed with the 2 other processes it had started."
    assert box.gone("sleep 1000.5")


def test_timeout_finds_daemons(box: Box) -> None:
    daemon = "setsid bash -c 'setsid sleep 1001.5 & disown; exit' & wait $!; trap '' TERM HUP; sleep 1001.5"
    result = box.exec(daemon, timeout=0.7)
    assert result.timed_out
    assert box.gone("sleep 1001.5")


def test_timeout_of_one_that_ignores_signals_and_closed_its_output(box: Box) -> None:
    started = time.monotonic()
    result = box.exec("trap '' TERM HUP INT; exec >&- 2>&-; while :; do sleep 1002.5; done", timeout=0.5)
    assert result.timed_out
    assert time.monotonic() - started < 2
    assert box.gone("sleep 1002.5")


def test_closed_output_is_no_end(box: Box) -> None:
    result = box.exec("echo seen; exec >&- 2>&-; sleep 0.4; exit 7")
    assert (result.output, result.exit_code) == ("seen\n", 7)
    assert result.duration_s >= 0.4


def test_background_process_lives_on_and_does_not_delay_the_answer(box: Box) -> None:
    started = time.monotonic()
    result = box.exec("sleep 1003.5 & echo started")
    assert time.monotonic() - started < 1
    assert (result.output, result.exit_code, result.note) == ("started\n", 0, "")
    assert box.exec("pkill -f 'sleep 1003[.]5' && echo found").output == "found\n"


def test_timeout_spares_the_background_processes_of_other_commands(box: Box) -> None:
    box.exec("setsid sleep 1004.5 & disown")
    assert box.exec("sleep 1005.5", timeout=0.3).timed_out
    assert box.exec("pkill -f 'sleep 1004[.]5' && echo found").output == "found\n"


def test_timeout_spares_the_daemons_of_commands_that_still_run(box: Box) -> None:
    async def both() -> tuple[bool, str]:
        running = asyncio.create_task(
            box.link.exec('n=1008; (setsid sleep $n.5 &); sleep 1.5; pkill -f "sleep $n[.]5" && echo found', timeout=10)
        )
        await asyncio.sleep(0.3)
        timed_out = (await box.link.exec("sleep 1009.5", timeout=0.3)).timed_out
        return timed_out, (await running).output

    assert box.run(both()) == (True, "found\n")


def test_timeout_of_one_that_forks_all_the_time_spares_the_others(box: Box) -> None:
    box.exec("setsid sleep 1010.5 & disown")
    result = box.exec("while :; do (:); done", timeout=0.5)
    assert result.timed_out
    assert result.note.startswith("It did not end within 0.5 s and was killed")
    assert box.exec("pkill -f 'sleep 1010[.]5' && echo found").output == "found\n"


def test_background_process_may_go_on_writing(box: Box) -> None:
    box.exec("(for i in 1 2 3 4 5 6; do echo tick || exit; sleep 0.1; done; echo alive > survived) & true")
    time.sleep(1)
    assert (box.workspace / "survived").read_text() == "alive\n"


def test_output_of_a_short_lived_descendant_is_not_lost(box: Box) -> None:
    assert box.exec("exec > >(sleep 0.05; cat); echo late").output == "late\n"


def test_file_size_ceiling(box: Box) -> None:
    result = box.exec("exec head -c 300M /dev/zero > big", timeout=60)
    assert result.signal == "SIGXFSZ"
    assert (box.workspace / "big").stat().st_size == 256 * 1024 * 1024
    box.exec("rm big")


def test_open_files_ceiling(box: Box) -> None:
    program = (
        "import os\n"
        "fds = []\n"
        "try:\n"
        "    for _ in range(10000): fds.append(os.dup(0))\n"
        "except OSError as error: print(len(fds), error)"
    )
    assert box.exec(f"/usr/bin/python3 -c '{program}'").output == "509 [Errno 24] Too many open files\n"


def test_no_core_and_bounded_stack(box: Box) -> None:
    assert box.exec("ulimit -c; ulimit -Hs").output == "0\n8192\n"


def test_thirty_threads_fit(box: Box) -> None:
    program = (
        "import threading as t, time\n"
        "ts = [t.Thread(target=time.sleep, args=(0.2,)) for _ in range(30)]\n"
        "[x.start() for x in ts]; [x.join() for x in ts]; print(len(ts))"
    )
    assert box.exec(f'/usr/bin/python3 -c "{program}"').output == "30\n"


def test_one_huge_allocation_fails_cleanly(box: Box) -> None:
    result = box.exec('/usr/bin/python3 -c "x = bytearray(10**9)"')
    assert result.exit_code == 1
    assert "MemoryError" in result.output


def test_cancelling_the_caller_ends_the_command(box: Box) -> None:
    async def cancelled() -> None:
        task = asyncio.create_task(box.link.exec("setsid sleep 1006.5 & sleep 1006.5", timeout=60))
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    box.run(cancelled())
    assert box.gone("sleep 1006.5")


def test_cancel_answers_the_command_too(box: Box) -> None:
    async def cancel() -> None:
        first = next(box.link._ids) + 1
        task = asyncio.create_task(box.link.exec("sleep 1007.5", timeout=60))
        await asyncio.sleep(0.2)
        assert await box.link.call("cancel", target=first) == {"cancelled": True}
        assert await box.link.call("cancel", target=first) == {"cancelled": False}
        assert await box.link.call("cancel", target=10**9) == {"cancelled": False}
        with pytest.raises(SandboxOperationError) as caught:
            await task
        assert caught.value.code == "cancelled"

    box.run(cancel())


def test_commands_run_side_by_side_up_to_a_ceiling(box: Box) -> None:
    async def nine() -> list[object]:
        started = time.monotonic()
        calls = [box.link.exec("sleep 0.5; echo done", timeout=10) for _ in range(9)]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert time.monotonic() - started < 2
        return list(outcomes)

    outcomes = box.run(nine())
    errors = [outcome for outcome in outcomes if isinstance(outcome, SandboxOperationError)]
    assert [error.code for error in errors] == ["busy"]
    assert len(outcomes) == 9
    assert box.run(box.link.ping()) == 0
