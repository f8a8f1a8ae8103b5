"""Gemini's stand-in and the google-genai package agree: on what is said, on errors, and on the form of a request.

Skipped where the package is not installed; run it by hand with a virtual environment that has it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.fakes import defaults
from tests.fakes.llm.gemini.protos import MESSAGES
from tests.fakes.pictures import PICTURE
from tests.fakes.standins import LOOPBACK, StandIns
from tests.fakes.wire import HttpError, Reply, ToolCall

genai: Any = pytest.importorskip("google.genai")
types: Any = pytest.importorskip("google.genai.types")
errors: Any = pytest.importorskip("google.genai.errors")
pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
SCHEMA = {"type": "OBJECT", "properties": {"command": {"type": "STRING"}}}
TOOLS = [{"function_declarations": [{"name": "exec", "description": "Run.", "parameters": SCHEMA}]}]
CALL = ToolCall(name="exec", arguments={"command": "echo żółw"})
# messages of another name in the package, or of none
ELSEWHERE = {"GenerateContentRequest", "Empty", "FunctionResponsePart", "PartMediaResolution"}


def play(scenario: Callable[[Any, StandIns], Awaitable[Any]], key: str = defaults.GEMINI_KEY) -> Any:
    """Runs a scenario with the real client."""

    async def run() -> Any:
        async with StandIns({defaults.GEMINI_HOST: LOOPBACK}) as fakes:
            once = types.HttpRetryOptions(attempts=1)
            options = types.HttpOptions(base_url=fakes.url(defaults.GEMINI_HOST), retry_options=once)
            client = genai.Client(api_key=key, http_options=options)
            try:
                return await scenario(client.aio.models, fakes)
            finally:
                await client.aio.aclose()

    return asyncio.run(run())


def config(**more: Any) -> Any:
    """What an agent sets."""
    off = types.AutomaticFunctionCallingConfig(disable=True)
    usual = {"tools": TOOLS, "system_instruction": "Be brief.", "temperature": 0.2, "max_output_tokens": 99}
    return types.GenerateContentConfig(**usual | {"automatic_function_calling": off} | more)


@pytest.mark.parametrize("name", sorted(set(MESSAGES) - ELSEWHERE))
def test_every_field_is_one_of_the_packages(name: str) -> None:
    theirs = set(getattr(types, name).model_fields)
    assert set(MESSAGES[name].fields) - theirs == set()


@pytest.mark.parametrize("model", [defaults.GEMINI_MODEL, defaults.GEMINI_THINKING_MODEL])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_conversation_with_picture_call_and_result(model: str, streamed: bool) -> None:
    async def scenario(models: Any, fakes: StandIns) -> Any:
        fakes.state.brain.script([Reply(text="So:", tool_calls=[CALL]), Reply(text="Done.")])
        picture = types.Part.from_bytes(data=PICTURE, mime_type="image/png")
        contents = [types.Content(role="user", parts=[types.Part(text="run it"), picture])]
        if streamed:
            stream = await models.generate_content_stream(model=model, contents=contents, config=config())
            parts = [part async for chunk in stream for part in chunk.candidates[0].content.parts]
        else:
            first = await models.generate_content(model=model, contents=contents, config=config())
            parts = first.candidates[0].content.parts
        contents.append(types.Content(role="model", parts=parts))
        result = types.Part.from_function_response(name="exec", response={"output": "żółw"})
        contents.append(types.Content(role="user", parts=[result]))
        second = await models.generate_content(model=model, contents=contents, config=config())
        return second, list(fakes.state.brain.requests)

    second, requests = play(scenario)
    assert second.text == "Done."
    assert [(request.status, request.problem) for request in requests] == [(200, ""), (200, "")]
    assert (requests[1].seen.tool_output, requests[1].seen.system) == ("żółw", "Be brief.")


@pytest.mark.parametrize(
    ("kind", "error", "status"),
    [
        ("key", "ClientError", "INVALID_ARGUMENT"),
        ("rate_limit", "ClientError", "RESOURCE_EXHAUSTED"),
        ("overloaded", "ServerError", "UNAVAILABLE"),
    ],
)
def test_errors_are_the_packages_own(kind: Any, error: str, status: str) -> None:
    async def scenario(models: Any, fakes: StandIns) -> None:
        fakes.state.brain.script([Reply(error=HttpError(kind=kind))] * 9)
        await models.generate_content(model=defaults.GEMINI_MODEL, contents="x")

    with pytest.raises(getattr(errors, error)) as caught:
        play(scenario)
    assert caught.value.status == status


def test_a_blocked_prompt_and_a_filtered_answer() -> None:
    async def scenario(models: Any, fakes: StandIns) -> Any:
        fakes.state.brain.script([Reply(refusal="No."), Reply(finish_reason="content_filter")])
        return [await models.generate_content(model=defaults.GEMINI_MODEL, contents="x") for _ in range(2)]

    blocked, filtered = play(scenario)
    assert blocked.prompt_feedback.block_reason.name == "PROHIBITED_CONTENT"
    assert filtered.candidates[0].finish_reason.name == "SAFETY"


def test_models_are_listed() -> None:
    async def scenario(models: Any, _fakes: StandIns) -> list[str]:
        return [model.name async for model in await models.list()]

    assert f"models/{defaults.GEMINI_MODEL}" in play(scenario)
