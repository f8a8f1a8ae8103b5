"""An LLMError as a sentence to the owner: what is wrong, and which key of config.json to change."""

from __future__ import annotations

from agent.llm.errors import About, LLMAllFailedError, LLMError, LLMUnavailableError
from agent.messages import say

_NOBODY = About("llm", "?", "?", "?", 0.0)


def explain(error: LLMError, language: str) -> str:
    """One sentence; when several models failed, one for each below a heading."""
    if not isinstance(error, LLMAllFailedError):
        return _sentence(error, language)
    heading = say("llm_all", language, count=len(error.errors))
    lines = [f"- {(one.about or _NOBODY).model}: {_sentence(one, language)}" for one in error.errors]
    return "\n".join([heading, *lines])


def _sentence(error: LLMError, language: str) -> str:
    about = error.about or _NOBODY
    return say(
        error.reply,
        language,
        where=about.where,
        provider=about.provider,
        model=about.model,
        host=about.host,
        seconds=f"{about.timeout_s:g}",
        detail=error.detail,
        wait=_wait(error, language),
    )


def _wait(error: LLMError, language: str) -> str:
    seconds = error.retry_after if isinstance(error, LLMUnavailableError) else None
    return (
        say("minutes", language, minutes=round(seconds / 60)) if seconds and seconds >= 90 else say("a_while", language)
    )
