"""A short reply that would cost a formatter all of the gateway's memory, or minutes in which nobody is heard."""

from __future__ import annotations

import json
import resource
import subprocess
import sys

import pytest

LENGTH = 20_000  # agent.gateway.answer.MOST_CHARS: what is longer is a file
CPU_S = 10  # each of those that are mended took 30 to 60, or more memory than there is
_WIDE = LENGTH // 10
REPLIES = {
    "lists in one another": "- " * (LENGTH // 2),
    "numbers in one another": "1. " * (LENGTH // 3),
    "quotes in one another": "> " * (LENGTH // 2),
    "lists and quotes": "- > 1. " * (LENGTH // 7),
    "indented lists": "\n".join(" " * (2 * depth) + "- a" for depth in range(140)),
    "a wide table": "\n".join(["|" + "a|" * _WIDE, "|" + "-|" * _WIDE, *["|a"] * (LENGTH // 5)]),
    "a wide table in a quote": "\n".join(["> |" + "a|" * _WIDE, "> |" + "-|" * _WIDE, *["> |a"] * (LENGTH // 9)]),
    "a wide table in a list": "\n".join(["- |" + "a|" * _WIDE, "  |" + "-|" * _WIDE, *["  |a"] * (LENGTH // 9)]),
    "many tables": "|a|b|\n|-|-|\n" * (LENGTH // 14),
    "open anchors": "<a \n" * (LENGTH // 8) + "href=''" * (LENGTH // 14),
    "anchors with addresses": "<a href='' " * (LENGTH // 11),
    "open pictures": "<img \n" * (LENGTH // 12) + "src=''" * (LENGTH // 12),
    "brackets": "[" * LENGTH,
    "links": "[a](http://x.pl " * (LENGTH // 16),
    "backticks": "\n".join("`" * count for count in range(199)),
    "emphasis": "*a _b __c " * (LENGTH // 10),
    "formulas": "\\(a \\[b $$c $d\\e " * (LENGTH // 17),
    "tags": "<b><div><details>" * (LENGTH // 17),
    "comments": "<!-- " * (LENGTH // 5),
    "spaced headings": "\n".join([f"# a{' ' * 1740}b"] * 11),
    "a spaced rule": f"|a|\n-{' ' * LENGTH}x",
    "spaces": f"###### {' ' * LENGTH}x",
}
_PROGRAM = """
import importlib, json, sys
module = importlib.import_module(sys.argv[1])
bodies, shown = module.bodies, getattr(module, "shown", len)
for reply in (replies := json.load(sys.stdin)).values():
    [shown(body) for body in bodies(reply)]
print(json.dumps({name: sum(map(len, bodies(reply))) for name, reply in replies.items()}))
"""


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_DATA, (160 << 20, 160 << 20))


@pytest.mark.parametrize("channel", ["telegram", "discord", "slack"])
def test_no_reply_costs_more_than_its_length_explains(channel: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, f"agent.channels.{channel}.format"], input=json.dumps(REPLIES),
        capture_output=True, text=True, check=False, preexec_fn=_limits,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    characters = json.loads(done.stdout)
    assert {name: count for name, count in characters.items() if not 0 < count < 30 * LENGTH} == {}


def test_what_a_person_would_write_is_formatted_as_ever() -> None:
    from agent.channels.telegram.format import bodies

    (body,) = bodies(
        "- one\n  - two\n    - three\n\n> > a quote in a quote\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n1. - x"
    )
    text = json.loads(body)["text"]
    assert "\\" not in text
    assert "|" not in text
    for rule in ("-" * 12, "- - - - - - - -", "* * * * * * * *", "***bold***"):
        assert bodies(f"a\n\n{rule}\n\nb") != []
        assert "\\" not in json.loads(bodies(f"a\n\n{rule}\n\nb")[0])["text"]
    assert "|" not in json.loads(bodies("a | b\n-------|-------\n1 | 2")[0])["text"]
