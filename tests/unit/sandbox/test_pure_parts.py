"""The parts of the server that need no process: output ceilings, JSON, framing, the process table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent import cgroup
from agent.sandbox import processes, wire
from agent.sandbox.output import Capped, HeadTail
from agent.sandbox.protocol import MAX_FRAME, OUTPUT_HEAD, OUTPUT_TAIL, MalformedError, body_length, pack


@pytest.mark.parametrize("size", [0, 1, OUTPUT_HEAD, OUTPUT_HEAD + OUTPUT_TAIL])
def test_output_that_fits_is_whole(size: int) -> None:
    output = HeadTail()
    for _ in range(size):
        output.feed(b"x")
    assert output.render() == ("x" * size, 0)


@pytest.mark.parametrize("chunk", [1, 7, 1000, 65536, 10**6])
def test_output_that_does_not_fit_loses_its_middle(chunk: int) -> None:
    stream = b"".join(b"%d\n" % number for number in range(20_000))
    output = HeadTail()
    for start in range(0, len(stream), chunk):
        output.feed(stream[start : start + chunk])
    text, omitted = output.render()
    assert omitted == len(stream) - OUTPUT_HEAD - OUTPUT_TAIL
    head, note, tail = text.partition(f"\n[... {omitted} bytes omitted ...]\n")
    assert note
    assert stream.startswith(head.encode())
    assert stream.endswith(tail.encode())


@pytest.mark.parametrize("character", ["é", "€", "🦞"])
@pytest.mark.parametrize("shift", range(4))
def test_no_character_is_cut(character: str, shift: int) -> None:
    output = HeadTail()
    output.feed(b"x" * shift + character.encode() * 20_000)
    text, omitted = output.render()
    assert "\ufffd" not in text
    assert len(text.encode()) + omitted - len(f"\n[... {omitted} bytes omitted ...]\n") == shift + 20_000 * len(
        character.encode()
    )


def test_bytes_that_are_no_text_are_not_mistaken_for_cut_characters() -> None:
    output = HeadTail()
    output.feed(b"\x80" * 100_000)
    text, omitted = output.render()
    assert text.count("\ufffd") + omitted == 100_000


def test_capped() -> None:
    stream = Capped(3)
    assert stream.feed(b"abc")
    assert not stream.feed(b"d")


@pytest.mark.parametrize(
    "value",
    [{}, {"a": [1, 2.5, None, True, False, {"b": 'ż🦞"\\\n\x00'}]}, {"n": 10**30}, {"": ""}],
)
def test_json_there_and_back(value: dict[str, object]) -> None:
    assert wire.loads(wire.dumps(value)) == value == json.loads(wire.dumps(value))
    assert wire.loads(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "body", [b"", b"x", b"[]", b"1", b'{"a": 1} ', b'{"a": NaN}', b'{"a": 1', b'{"a": "\xff"}', b"[" * 100_000]
)
def test_what_is_not_one_json_object(body: bytes) -> None:
    with pytest.raises(MalformedError):
        wire.loads(body)


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    assert wire.dumps({"a": "\ud800"}) == b'{"a":"?"}'


def test_framing() -> None:
    assert pack(b"{}") == b"\0\0\0\x02{}"
    assert body_length(b"\0\0\0\x02") == 2
    for length in (0, 1, MAX_FRAME + 1, 2**32 - 1):
        with pytest.raises(MalformedError):
            body_length(length.to_bytes(4, "big"))


def test_descendants() -> None:
    table = {1: (0, "S", "1"), 5: (1, "S", "2"), 6: (5, "Z", "3"), 7: (6, "S", "4"), 8: (1, "S", "5")}
    found = processes.descendants(table, 5)
    assert sorted(found) == [6, 7]
    assert processes.living(table, found) == [7]


CGROUP_V1 = {"memory.limit_in_bytes": "134217728", "memory.oom_control": "under_oom 0\noom_kill 3"}
CGROUP_V2 = {"memory.max": "134217728", "memory.events": "oom 9\noom_kill 3\noom_group_kill 0"}
PIDS = {"pids.max": "64", "pids.current": "7", "pids.events": "max 5"}


@pytest.mark.parametrize(
    ("own", "files"),
    [
        ({"memory": "/a", "pids": "/b", "": "/"}, {"memory/a": CGROUP_V1, "pids/b": PIDS}),
        ({"memory": "/docker/1", "pids": "/docker/1"}, {"memory": CGROUP_V1, "pids": PIDS}),
        ({"": "/"}, {".": CGROUP_V2 | PIDS}),
        ({"": "/system.slice/docker-1.scope"}, {"system.slice/docker-1.scope": CGROUP_V2 | PIDS}),
    ],
    ids=["v1", "v1 in a container", "v2 in a container", "v2"],
)
def test_limits_of_the_cgroup(
    own: dict[str, str], files: dict[str, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, contents in files.items():
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        for name, text in contents.items():
            (tmp_path / folder / name).write_text(f"{text}\n")
    monkeypatch.setattr(cgroup, "_ROOT", str(tmp_path))
    monkeypatch.setattr(cgroup, "_own_paths", lambda: own)
    found = cgroup.Cgroup()
    assert (found.memory_limit, found.pids_limit, found.pids()) == (128 * 1024 * 1024, 64, 7)
    assert (found.memory_kills(), found.overflows()) == (3, 8)


@pytest.mark.parametrize("text", ["max", "9223372036854771712", ""])
def test_no_limit(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "memory.max").write_text(text)
    monkeypatch.setattr(cgroup, "_ROOT", str(tmp_path))
    assert cgroup.Cgroup().memory_limit is None
    assert cgroup.Cgroup().overflows() == 0


def test_only_pid_1_may_end_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    # Were the check missing, this would end every process of the machine that runs the tests.
    monkeypatch.setattr(processes, "send", lambda *_: pytest.fail("a signal was about to be sent"))
    with pytest.raises(RuntimeError, match="only PID 1"):
        processes.end_all()
