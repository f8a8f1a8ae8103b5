"""The models of a foreign file: the first, and those that stand in for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from agent.config.providers import PROVIDERS
from agent.config.references import mapping
from agent.operator.importing.questions import Questions
from agent.operator.importing.record import Record
from agent.operator.importing.values import state, usable

# PicoClaw's names for providers that go by another here.
_NAMES = {
    "gpt": "openai",
    "claude": "anthropic",
    "anthropic-messages": "anthropic",
    "google": "gemini",
    "together": "together_ai",
    "fireworks": "fireworks_ai",
    "grok": "xai",
}


def models(
    document: dict[str, Any], defaults: dict[str, Any], secrets: dict[str, Any], record: Record, questions: Questions
) -> list[dict[str, Any]]:
    """Ours, the first first; there is at least one, or the questions raise."""
    listed = document.get("model_list")
    if isinstance(listed, list):
        found = list(_listed(listed, defaults, secrets, record, questions))
    else:
        found = list(_by_provider(document.get("providers"), defaults, record, questions))
    unique = list({repr(one): one for one in found}.values())
    if unique:
        return unique
    provider = questions.choose("provider", list(PROVIDERS))
    model = questions.text("model", provider=provider)
    return [{"provider": provider, "api_key": questions.text("key", secret=True, provider=provider), "model": model}]


def _by_provider(
    providers: object, defaults: dict[str, Any], record: Record, questions: Questions
) -> Iterator[dict[str, Any]]:
    """Version 0: one model for all, and keys by provider."""
    named = {name: entry for name, entry in mapping(providers).items() if isinstance(entry, dict)}
    keyed = [name for name, entry in named.items() if usable(entry.get("api_key")) or usable(entry.get("api_base"))]
    for name, entry in named.items():
        if name not in keyed and entry.get("api_key"):
            record.drop(f"providers.{name}.api_key", state(entry["api_key"]))
    first = str(defaults.get("provider") or "")
    if first not in named or first not in keyed:
        first = _first(first, keyed, questions)
    if not first:
        return
    model = usable(defaults.get("model_name") or defaults.get("model")) or questions.text("model", provider=first)
    yield from _entry(f"providers.{first}", first, model, named[first], record, questions)
    for name in keyed:
        if name != first:
            record.drop(f"providers.{name}", "no_model")


def _first(wanted: str, keyed: list[str], questions: Questions) -> str:
    if not keyed:
        return ""
    if len(keyed) == 1 and wanted in ("", keyed[0]):
        return keyed[0]
    return questions.choose("first", keyed, wanted=wanted or "-")


def _listed(
    listed: list[Any], defaults: dict[str, Any], secrets: dict[str, Any], record: Record, questions: Questions
) -> Iterator[dict[str, Any]]:
    """Versions 1 to 3: the default, then the fallbacks that are named, then the others that are in use."""
    entries = [(f"model_list[{place}]", entry) for place, entry in enumerate(listed) if isinstance(entry, dict)]
    by_name: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for where, entry in entries:
        by_name.setdefault(str(entry.get("model_name") or entry.get("model")), []).append((where, entry))
    first = str(defaults.get("model_name") or defaults.get("model") or "")
    if first not in by_name:
        enabled = [name for name, group in by_name.items() if any(_keys(entry, secrets) for _, entry in group)]
        first = enabled[0] if len(enabled) == 1 else ""
        if len(enabled) > 1:
            first = questions.choose("first", enabled, wanted=defaults.get("model_name") or "-")
    stand_ins = [name for _, entry in by_name.get(first, []) for name in entry.get("fallbacks") or []]
    order = dict.fromkeys([first, *stand_ins, *(defaults.get("model_fallbacks") or []), *by_name])
    for name in order:
        for where, entry in by_name.get(str(name), []):
            if entry.get("enabled") is False:
                record.drop(where, "disabled")
                continue
            merged = {**entry, "api_keys": _keys(entry, secrets)}
            provider, model = _split(entry)
            yield from _entry(where, provider, model, merged, record, questions, first=name == first)


def _keys(entry: dict[str, Any], secrets: dict[str, Any]) -> list[Any]:
    """The keys of an entry of model_list; those of `.security.yml` come before its own, as in PicoClaw."""
    sealed_away = mapping(secrets.get("model_list"))
    beside = mapping(sealed_away.get(str(entry.get("model_name"))) or sealed_away.get(f"{entry.get('model_name')}:0"))
    for place in (beside, entry):
        keys = [key for key in [place.get("api_key"), *(place.get("api_keys") or [])] if key]
        if keys:
            return list(dict.fromkeys(keys))
    return []


def _split(entry: dict[str, Any]) -> tuple[str, str]:
    """Provider and model of an entry; the model may begin with the provider's name."""
    provider, model = str(entry.get("provider") or ""), str(entry.get("model") or "")
    prefix, slash, rest = model.partition("/")
    if not provider:
        return (prefix, model if prefix == "openrouter" and "/" not in rest else rest) if slash else ("openai", model)
    return provider, rest if slash and prefix == provider and "/" in rest else model


def _entry(  # noqa: PLR0913, PLR0917 - what is read, and who is told
    where: str,
    name: str,
    model: str,
    entry: dict[str, Any],
    record: Record,
    questions: Questions,
    *,
    first: bool = True,
) -> Iterator[dict[str, Any]]:
    provider = _NAMES.get(name, name)
    base = usable(entry.get("api_base"))
    known = PROVIDERS.get(provider)
    if entry.get("auth_method") in ("oauth", "token") or entry.get("connect_mode"):
        record.drop(where, "signed_in", provider=name)
        return
    if known is None and not base:
        record.drop(where, "unknown_provider", provider=name)
        return
    if entry.get("proxy"):
        record.drop(f"{where}.proxy", "proxy")
    keys = list(entry.get("api_keys") or [entry.get("api_key")])
    usable_keys = [usable(key) for key in keys if usable(key)]
    if not usable_keys:
        if known is not None or not base:
            record.drop(f"{where}.api_key", state(keys[0] if keys else ""))
        if first and (asked := questions.text("key", secret=True, provider=provider)):
            usable_keys = [asked]
    ours: dict[str, Any] = {"provider": provider, "model": model}
    if base and not (known and urlsplit(base).hostname in known.hosts):
        ours |= {"api_base": base, **({"engine": "litellm"} if known and known.translated else {})}
    if isinstance(timeout := entry.get("request_timeout"), int) and timeout > 0:
        ours["timeout_s"] = timeout
    yield from ({"api_key": key, **ours} for key in usable_keys)
