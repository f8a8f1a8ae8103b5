"""Two things that litellm's streams lose on the way and the gateway has to know, noted where they pass."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from agent.llm_container.worker.shapes import Stream

_GEMINI = "litellm.llms.vertex_ai.gemini.vertex_and_google_ai_studio_gemini"


def after_import() -> None:
    """Put the notes in place."""
    wrapper = sys.modules["litellm.litellm_core_utils.streaming_handler"].CustomStreamWrapper
    wrapper.handle_openai_chat_completion_chunk = _refusals_heard(wrapper.handle_openai_chat_completion_chunk)


def _refusals_heard(handle: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """OpenAI's filter answers in `refusal`, in place of content; litellm drops what has no content."""

    def handled(wrapper: Any, chunk: Any) -> Any:  # noqa: ANN401
        for choice in getattr(chunk, "choices", None) or ():
            refusal = getattr(choice.delta, "refusal", None)
            if refusal and not choice.delta.content:
                choice.delta.content = refusal
        return handle(wrapper, chunk)

    return handled


def ended(stream: Stream) -> bool:
    """Whether the provider itself said that its answer is over; litellm makes up a reason where none was given."""
    source = getattr(stream, "completion_stream", None)
    return stream.received_finish_reason is not None or getattr(source, "over", False)


def note_ends(provider: str) -> None:
    """Gemini's reasons are given to every piece of an answer by litellm: the real one is noted before that."""
    if provider not in ("gemini", "vertex_ai"):
        return
    from importlib import import_module

    pieces: Any = import_module(_GEMINI).ModelResponseIterator
    if hasattr(pieces, "over"):
        return
    parse = pieces.chunk_parser

    def parsed(source: Any, chunk: dict[str, Any]) -> object:  # noqa: ANN401
        reasons = [candidate.get("finishReason") for candidate in chunk.get("candidates") or ()]
        source.over = source.over or any(reasons) or "blockReason" in (chunk.get("promptFeedback") or {})
        return parse(source, chunk)

    pieces.over, pieces.chunk_parser = False, parsed
