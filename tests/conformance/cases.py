"""What a model may answer: steps of conversations, and what has to come of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.fakes.pictures import PICTURE, PICTURE_URL
from tests.fakes.wire import Image, Reply, ToolCall

UNICODE = "Zażółć gęślą jaźń: „cytat”, ‘x’, 한국어, 🦆👩‍👩‍👧, \u202eRTL\u202c, \\u0041, a\u0301\n\ttab"
LONG = "".join(f"{number}. {UNICODE}\n" for number in range(300))
NO = "I cannot help with that."

TOOLS: tuple[dict[str, Any], ...] = (
    {
        "type": "function",
        "function": {
            "name": "exec",
            "description": "Run a command.",
            "parameters": {
                "type": "object",
                "properties": {"command": {"type": "string"}, "timeout_s": {"type": "integer"}},
                "required": ["command"],
                "additionalProperties": False,
            },
        },
    },
    {
        "type": "function",
        "function": {
            "name": "list_files",
            "description": "List files.",
            "parameters": {
                "type": "object",
                "properties": {"paths": {"type": "array", "items": {"type": "string"}}},
                "required": [],
            },
        },
    },
)
EXEC = ToolCall(name="exec", arguments={"command": "echo żółw 🐢", "timeout_s": 5})
LIST = ToolCall(name="list_files", arguments={"paths": ["a", "b c"]})
BARE = ToolCall(name="list_files")
BROKEN = '{"command": "ls'


@dataclass(frozen=True)
class Answer:
    """What the engine has to give back; arguments that are a dictionary are compared as JSON, a string as it is."""

    text: str = ""
    calls: tuple[tuple[str, dict[str, Any] | str], ...] = ()
    finish: str = "stop"
    usage: tuple[int, int, int] | None = None  # of the prompt, of the answer, and from a cache


@dataclass(frozen=True)
class Seen:
    """What the provider has to have been shown; None is not looked at."""

    user_text: str | None = None
    tool_output: str | None = None
    system: str | None = None
    images: list[Image] | None = None


@dataclass(frozen=True)
class Step:
    """The user says something, or the calls of the step before get their results; then the model replies."""

    reply: Reply
    answer: Answer
    user: str | list[dict[str, Any]] | None = "go"
    results: tuple[str, ...] = ()
    seen: Seen = field(default_factory=Seen)
    but: Mapping[str, Answer] = field(default_factory=dict)
    seen_but: Mapping[str, Seen] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A conversation, with the tools that the model is offered."""

    name: str
    steps: tuple[Step, ...]
    system: str | None = None
    tools: tuple[dict[str, Any], ...] = TOOLS


def _one(name: str, reply: Reply, answer: Answer, **step: Any) -> Case:
    return Case(name, (Step(reply, answer, **step),))


_CALLS = (("exec", {"command": "echo żółw 🐢", "timeout_s": 5}), ("list_files", {"paths": ["a", "b c"]}))
_FILTERED = Answer(finish="content_filter")
_LOOK: list[dict[str, Any]] = [
    {"type": "text", "text": "what is it?"},
    {"type": "image_url", "image_url": {"url": PICTURE_URL}},
]

CASES = (
    Case("plain", (Step(Reply(text="Hello."), Answer("Hello."), seen=Seen(user_text="go")),), tools=()),
    Case(
        "system prompt",
        (Step(Reply(text="Hello."), Answer("Hello."), seen=Seen(system="Be brief.")),),
        system="Be brief.",
    ),
    Case(
        "several turns",
        (
            Step(Reply(text="One."), Answer("One."), user="first"),
            Step(Reply(text="Two."), Answer("Two."), user="second", seen=Seen(user_text="second")),
        ),
    ),
    _one("one tool call", Reply(tool_calls=[EXEC]), Answer(calls=_CALLS[:1], finish="tool_calls")),
    _one("several tool calls", Reply(tool_calls=[EXEC, LIST]), Answer(calls=_CALLS, finish="tool_calls")),
    _one("text and a call", Reply(text="So:", tool_calls=[EXEC]), Answer("So:", calls=_CALLS[:1], finish="tool_calls")),
    _one("no arguments", Reply(tool_calls=[BARE]), Answer(calls=(("list_files", {}),), finish="tool_calls")),
    Case(
        "tool results",
        (
            Step(Reply(text="So:", tool_calls=[EXEC, LIST]), Answer("So:", calls=_CALLS, finish="tool_calls")),
            Step(
                Reply(tool_calls=[BARE]),
                Answer(calls=(("list_files", {}),), finish="tool_calls"),
                user=None,
                results=("żółw 🐢", "a\nb c"),
                seen=Seen(tool_output="żółw 🐢\na\nb c"),
            ),
            Step(Reply(text="Done."), Answer("Done."), user=None, results=("none",), seen=Seen(tool_output="none")),
            Step(Reply(text="Bye."), Answer("Bye."), user="thanks", seen=Seen(user_text="thanks")),
        ),
    ),
    _one(
        "image",
        Reply(text="A red pixel."),
        Answer("A red pixel."),
        user=_LOOK,
        seen=Seen(user_text="what is it?", images=[Image(media_type="image/png", data=PICTURE)]),
    ),
    _one("long answer", Reply(text=LONG), Answer(LONG)),
    _one("unicode", Reply(text=UNICODE), Answer(UNICODE), user=UNICODE, seen=Seen(user_text=UNICODE)),
    _one("empty answer", Reply(), Answer()),
    _one(
        "refusal",
        Reply(refusal=NO, prompt_tokens=9),
        Answer(NO),
        but={"anthropic": _FILTERED, "gemini": replace(_FILTERED, usage=(9, 0, 0))},
    ),
    _one("filtered", Reply(text="Half", finish_reason="content_filter"), Answer("Half", finish="content_filter")),
    _one("cut at the limit", Reply(text="Half", finish_reason="length"), Answer("Half", finish="length")),
    _one(
        "usage",
        Reply(text="x", prompt_tokens=100, completion_tokens=20, cached_tokens=60),
        Answer("x", usage=(100, 20, 60)),
    ),
    Case(
        "malformed arguments",
        (
            Step(
                Reply(tool_calls=[ToolCall(name="exec", arguments=BROKEN)]),
                Answer(calls=(("exec", BROKEN),), finish="tool_calls"),
                but={"gemini": Answer()},
            ),
        ),
    ),
    Case(
        "told of malformed arguments",
        (
            Step(
                Reply(tool_calls=[ToolCall(name="exec", arguments=BROKEN)]),
                Answer(calls=(("exec", BROKEN),), finish="tool_calls"),
                but={"gemini": Answer()},
            ),
            Step(
                Reply(text="Sorry."),
                Answer("Sorry."),
                user=None,
                results=("the arguments are no JSON",),
                seen=Seen(tool_output="the arguments are no JSON"),
                # There the call is none, so that its result is the user's words, behind an answer without parts.
                seen_but={"gemini": Seen(user_text="go\nthe arguments are no JSON")},
            ),
        ),
    ),
    _one("slow first byte", Reply(text="At last.", delay=0.2), Answer("At last.")),
    _one("slow first chunk", Reply(text="At last.", first_chunk_delay=0.2), Answer("At last.")),
)
