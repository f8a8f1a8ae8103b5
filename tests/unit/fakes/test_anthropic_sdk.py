"""Anthropic's stand-in and the anthropic package agree: on what is said, on errors, and on the form of a request.

Skipped where the package is not installed; run it by hand with a virtual environment that has it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, get_type_hints

import pytest

from tests.fakes import defaults
from tests.fakes.llm.anthropic_messages import params
from tests.fakes.pictures import PICTURE_BASE64
from tests.fakes.standins import LOOPBACK, StandIns
from tests.fakes.wire import HttpError, Reply, ToolCall

sdk: Any = pytest.importorskip("anthropic")
TOOL = {"name": "exec", "input_schema": {"type": "object", "properties": {"command": {"type": "string"}}}}
USER = {"role": "user", "content": "run it"}
# what the API takes and this stand-in does not: server-side tools, files, previews
NOT_PLAYED = {
    "Request": {"container", "diagnostics", "speed", "user_profile_id", "workspace_id"},
    "ImageBlock": {"transformations"},
    "ToolUseBlock": {"toolset_name"},
    "ToolResultBlock": {"toolset_name"},
}
# what older versions of the API take and the newest does not
REMOVED = {"Request": {"temperature", "top_p", "top_k"}}
PAIRS = {
    "Request": "MessageCreateParamsStreaming",
    "CacheControl": "CacheControlEphemeralParam",
    "TextBlock": "TextBlockParam",
    "ImageBlock": "ImageBlockParam",
    "Base64Image": "Base64ImageSourceParam",
    "UrlSource": "URLImageSourceParam",
    "DocumentBlock": "DocumentBlockParam",
    "ToolUseBlock": "ToolUseBlockParam",
    "ToolResultBlock": "ToolResultBlockParam",
    "ThinkingBlock": "ThinkingBlockParam",
    "RedactedThinkingBlock": "RedactedThinkingBlockParam",
    "CustomTool": "ToolParam",
    "AutoChoice": "ToolChoiceAutoParam",
    "AnyChoice": "ToolChoiceAnyParam",
    "ToolChoice": "ToolChoiceToolParam",
    "NoChoice": "ToolChoiceNoneParam",
    "EnabledThinking": "ThinkingConfigEnabledParam",
    "AdaptiveThinking": "ThinkingConfigAdaptiveParam",
    "Metadata": "MetadataParam",
    "OutputConfig": "OutputConfigParam",
}


def play(scenario: Callable[[Any, StandIns], Awaitable[Any]], key: str = defaults.ANTHROPIC_KEY) -> Any:
    """Runs a scenario with the real client."""

    async def run() -> Any:
        async with StandIns({defaults.ANTHROPIC_HOST: LOOPBACK}) as fakes:
            address = fakes.url(defaults.ANTHROPIC_HOST)
            async with sdk.AsyncAnthropic(api_key=key, base_url=address, max_retries=0) as client:
                return await scenario(client, fakes)

    return asyncio.run(run())


async def ask(client: Any, **options: Any) -> Any:
    """One request."""
    usual = {"model": defaults.ANTHROPIC_MODEL, "max_tokens": 100, "messages": [USER], "tools": [TOOL]}
    return await client.messages.create(**usual | options)


@pytest.mark.parametrize("name", PAIRS)
def test_the_form_of_a_request_is_that_of_the_package(name: str) -> None:
    theirs = set(get_type_hints(getattr(sdk.types, PAIRS[name], None) or _param(PAIRS[name])))
    ours = set(getattr(params, name).model_fields)
    assert ours - theirs == REMOVED.get(name, set())
    assert theirs - ours == NOT_PLAYED.get(name, set())


def _param(name: str) -> Any:
    return getattr(sdk.types.message_create_params, name)


def test_a_message_reads_back_strictly() -> None:
    async def scenario(client: Any, fakes: StandIns) -> Any:
        call = ToolCall(name="exec", arguments={"command": "ls"})
        fakes.state.brain.script([Reply(text="So:", tool_calls=[call])])
        options = {"model": defaults.ANTHROPIC_MODEL, "max_tokens": 9, "messages": [USER], "tools": [TOOL]}
        return await (await client.messages.with_raw_response.create(**options)).text()

    message = sdk.types.Message.model_validate_json(play(scenario), strict=True)
    assert [block.type for block in message.content] == ["text", "tool_use"]
    assert message.stop_reason == "tool_use"


def test_a_stream_is_put_together() -> None:
    async def scenario(client: Any, fakes: StandIns) -> Any:
        calls = [ToolCall(name="exec", arguments={"command": "echo żółw"}), ToolCall(name="exec")]
        fakes.state.brain.script([Reply(text="a longer text " * 10, tool_calls=calls)])
        options = {"model": defaults.ANTHROPIC_MODEL, "max_tokens": 100, "messages": [USER], "tools": [TOOL]}
        async with client.messages.stream(**options) as stream:
            return await stream.get_final_message()

    message = play(scenario)
    assert message.content[0].text == "a longer text " * 10
    assert [block.input for block in message.content[1:]] == [{"command": "echo żółw"}, {}]


def test_results_and_pictures_go_back_as_the_package_sends_them() -> None:
    async def scenario(client: Any, fakes: StandIns) -> Any:
        fakes.state.brain.script([Reply(tool_calls=[ToolCall(name="exec", arguments={"command": "ls"})])])
        first = await ask(client)
        image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PICTURE_BASE64}}
        result = {"type": "tool_result", "tool_use_id": first.content[0].id, "content": [image]}
        said = {"role": "assistant", "content": first.content}
        await ask(client, messages=[USER, said, {"role": "user", "content": [result]}])
        return fakes.state.brain.requests[-1]

    request = play(scenario)
    assert (request.status, request.problem, len(request.seen.images)) == (200, "", 1)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("key", "AuthenticationError"),
        ("forbidden", "PermissionDeniedError"),
        ("model", "NotFoundError"),
        ("rate_limit", "RateLimitError"),
        ("server", "InternalServerError"),
        ("context", "BadRequestError"),
    ],
)
def test_errors_are_the_packages_own(kind: Any, error: str) -> None:
    async def scenario(client: Any, fakes: StandIns) -> None:
        fakes.state.brain.script([Reply(error=HttpError(kind=kind))])
        await ask(client)

    with pytest.raises(getattr(sdk, error)):
        play(scenario)


def test_models_are_listed() -> None:
    async def scenario(client: Any, _fakes: StandIns) -> list[str]:
        return [model.id async for model in client.models.list()]

    assert defaults.ANTHROPIC_MODEL in play(scenario)
