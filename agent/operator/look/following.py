"""`picoclaw logs`: what the containers of the hosts have logged, and log on."""

from __future__ import annotations

import json
import queue
import shlex
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import IO, TypeAlias

from agent.gateway.printable import one_line
from agent.operator.reach import Host, UnreachableError

# One line of a log, whatever a container writes.
_LONGEST = 65536
_ONCE_S = 120.0
# Lines that wait for a slow terminal.
_QUEUED = 1000

_ONCE = 'exec docker logs --tail "$tail" "$name" 2>&1'
# It follows a container through restarts, and ends when the operator's end of standard input does: without a terminal
# nothing else tells it.
_FOLLOW = """
docker container inspect "$name" >/dev/null || exit 1
exec 3<&0
{ cat <&3 >/dev/null; kill $$; } 2>/dev/null &
watch=$!
trap 'kill $logs $watch 2>/dev/null; exit 0' TERM HUP INT
set -- --tail "$tail"
while :; do
    docker logs --follow "$@" "$name" 2>&1 &
    logs=$!
    wait $logs
    set -- --since "$(date +%s.%N)"
    while sleep 1 & logs=$!; do
        wait $logs
        [ "$(docker container inspect --format '{{.State.Running}}' "$name" 2>/dev/null)" = true ] && break
    done
done
"""


@dataclass(frozen=True)
class Source:
    """A container's log on a host."""

    host: Host
    container: str

    def script(self, tail: int, *, follow: bool) -> str:
        """What prints it there."""
        return f"name={shlex.quote(self.container)} tail={tail}\n{_FOLLOW if follow else _ONCE}"


@dataclass(frozen=True)
class Writer:
    """How a line of a log is shown.

    Attributes:
        write: gets whole lines, without their ends.
        as_json: each an object of its own.
        hosts: whether to say whose host's it is.
        containers: whether to say which container's it is.
    """

    write: Callable[[str], None]
    as_json: bool = False
    hosts: bool = False
    containers: bool = False

    def line(self, source: Source, text: str) -> None:
        """Show one, without what a terminal would obey."""
        text = one_line(text)
        if self.as_json:
            self.write(json.dumps({"host": source.host.name, "container": source.container, "line": text}))
            return
        names = [source.host.name] * self.hosts + [source.container] * self.containers
        self.write(f"{' '.join(names)} | {text}" if names else text)


Complain = Callable[[str], None]
# A source, its line, and where it has ended the reason, empty for none.
Heard: TypeAlias = "queue.Queue[tuple[Source, str, str | None]]"


def once(sources: Sequence[Source], tail: int, writer: Writer, complain: Complain) -> bool:
    """Show the ends of the logs, one after the other; whether all could be had."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = pool.map(lambda source: _fetch(source, tail), sources)
        fetched = [_show(*pair, writer, complain) for pair in zip(sources, answers, strict=True)]
    return all(fetched)


def _fetch(source: Source, tail: int) -> tuple[bool, str]:
    """Whether the log could be had, and it or the reason."""
    try:
        done = source.host.run(source.script(tail, follow=False), timeout=_ONCE_S)
    except UnreachableError as error:
        return False, str(error)
    return done.returncode == 0, (done.stdout or done.stderr).decode(errors="replace").rstrip("\n")


def _show(source: Source, answer: tuple[bool, str], writer: Writer, complain: Complain) -> bool:
    worked, text = answer
    if not worked:
        complain(f"{source.host.name}: {one_line(text)}")
    elif text:
        for line in text.split("\n"):
            writer.line(source, line)
    return worked


def follow(sources: Sequence[Source], tail: int, writer: Writer, complain: Complain) -> bool:
    """Show the logs as they grow, until Ctrl-C or until each has ended; whether none ended by itself."""
    heard: Heard = queue.Queue(_QUEUED)
    well = True
    with ExitStack() as stack:
        processes = [stack.enter_context(_start(source, tail)) for source in sources]
        threads = [
            threading.Thread(target=_listen, args=(source, process, heard))
            for source, process in zip(sources, processes, strict=True)
        ]
        for thread in threads:
            thread.start()
        try:
            for _ in sources:
                well = _until_an_end(heard, writer, complain) and well
        except KeyboardInterrupt:
            return True
        finally:
            # With the end of its standard input, what ssh started on the host ends.
            for process in processes:
                if process.stdin is not None:
                    process.stdin.close()
                process.terminate()
            while any(thread.is_alive() for thread in threads):
                with suppress(queue.Empty):
                    heard.get(timeout=0.05)
    return well


def _listen(source: Source, process: subprocess.Popen[bytes], heard: Heard) -> None:
    """Pass on each line, and at the end what went wrong; in a thread of its own."""
    for line in _lines(process.stdout):
        heard.put((source, line, None))
    errors = list(_lines(process.stderr))
    why = "" if process.wait() == 0 else errors[-1] if errors else "ssh ended"
    heard.put((source, "", why))


def _until_an_end(heard: Heard, writer: Writer, complain: Complain) -> bool:
    """Show what is heard until one of the logs ends; whether that went well."""
    while True:
        source, line, why = heard.get()
        if why is None:
            writer.line(source, line)
            continue
        if why:
            complain(f"{source.host.name}: {one_line(why)}")
        return not why


def _start(source: Source, tail: int) -> subprocess.Popen[bytes]:
    """What copies the log from there; its standard input stays open until it is to end."""
    pipe = subprocess.PIPE
    command = source.host.command(source.script(tail, follow=True))
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)


def _lines(stream: IO[bytes] | None) -> Iterator[str]:
    if stream is not None:
        while line := stream.readline(_LONGEST):
            yield line.decode(errors="replace")
