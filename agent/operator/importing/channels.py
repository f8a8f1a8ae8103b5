"""The channels of a foreign file, and who may talk there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agent.config.checks import user_problems
from agent.config.references import mapping
from agent.errors import ConfigError
from agent.operator.importing.questions import Questions
from agent.operator.importing.record import Record
from agent.operator.importing.values import state, usable

# Our names of a channel's tokens, and PicoClaw's.
_TOKENS = {
    "telegram": {"bot_token": "token"},
    "discord": {"bot_token": "token"},
    "slack": {"bot_token": "bot_token", "app_token": "app_token"},
}
_READ = {"enabled", "type", "allow_from", "allowed_users", "settings", "token", "bot_token", "app_token"}


def channels(
    document: dict[str, Any], secrets: dict[str, Any], record: Record, questions: Questions
) -> list[dict[str, Any]]:
    """Ours; at least one. ConfigError when the file has none that can be used."""
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for where, kind, entry in _entries(document):
        if kind not in _TOKENS:
            if entry.get("enabled"):
                record.drop(where, "other_channel")
        elif entry.get("enabled") is not True:
            if any(usable(_settings(entry).get(name)) for name in _TOKENS[kind].values()):
                record.drop(where, "disabled")
        else:
            found.setdefault(kind, []).append((where, entry))
    ours = []
    for kind, entries in found.items():
        where, entry = entries[0] if len(entries) == 1 else _one(kind, entries, record, questions)
        ours.append(_channel(where, kind, _merged(where, entry, secrets), record, questions))
    if not ours:
        raise ConfigError(
            "no channel of the file is enabled and one of telegram, discord, slack: picoclaw init adds one",
            "żaden włączony kanał z pliku nie jest jednym z telegram, discord, slack: doda go picoclaw init",
        )
    return ours


def _entries(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Where, type and content of each channel, whatever the version."""
    for section in ("channels", "channel_list"):
        for name, entry in mapping(document.get(section)).items():
            if isinstance(entry, dict):
                yield f"{section}.{name}", str(entry.get("type") or name), entry


def _one(
    kind: str, entries: list[tuple[str, dict[str, Any]]], record: Record, questions: Questions
) -> tuple[str, dict[str, Any]]:
    chosen = questions.choose("channel", [where for where, _ in entries], channel=kind)
    for where, _ in entries:
        if where != chosen:
            record.drop(where, "one_of_a_kind", channel=kind)
    return next(pair for pair in entries if pair[0] == chosen)


def _settings(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, **mapping(entry.get("settings"))}


def _merged(where: str, entry: dict[str, Any], secrets: dict[str, Any]) -> dict[str, Any]:
    """With what `.security.yml` has for it, which counts before the file's own."""
    merged = _settings(entry)
    for section in ("channels", "channel_list"):
        beside = mapping(mapping(secrets.get(section)).get(where.partition(".")[2]))
        merged |= {name: value for name, value in _settings(beside).items() if value}
    return merged


def _channel(where: str, kind: str, entry: dict[str, Any], record: Record, questions: Questions) -> dict[str, Any]:
    ours: dict[str, Any] = {"type": kind}
    for name, theirs in _TOKENS[kind].items():
        ours[name] = usable(entry.get(theirs))
        if not ours[name]:
            record.drop(f"{where}.{theirs}", state(entry.get(theirs)))
            ours[name] = questions.text("token", secret=True, channel=kind, name=name)
    users = _users(where, kind, entry, record, questions)
    if users:
        ours["allowed_user_ids"] = users
    for key in sorted(entry.keys() - _READ):
        if entry[key] not in ("", None, False, {}, []):
            record.drop(f"{where}.{key}", "no_counterpart")
    return ours


def _users(where: str, kind: str, entry: dict[str, Any], record: Record, questions: Questions) -> list[int | str]:
    """Who may talk. PicoClaw lets everyone in where allow_from is empty; here that is nobody."""
    allowed = _ids(f"{where}.allow_from", kind, entry.get("allow_from"), record)
    meant = _ids(f"{where}.allowed_users", kind, entry.get("allowed_users"), record)
    if not entry.get("allow_from"):
        record.note(f"{where}.allow_from", "was_open")
    further = [user for user in meant if user not in allowed]
    if further and not allowed:
        record.note(f"{where}.allowed_users", "never_read", users=", ".join(map(str, further)))
        return further
    if further:
        listed = ", ".join(map(str, further))
        if questions.agree("further_users", channel=kind, users=listed):
            return [*allowed, *further]
        record.drop(f"{where}.allowed_users", "not_wanted", users=listed)
    return allowed


def _ids(where: str, kind: str, listed: object, record: Record) -> list[int | str]:
    """The ids of a list, in the forms that PicoClaw knows: 123, "123", "telegram:123", "123|anna"."""
    entries = listed if isinstance(listed, list) else [] if listed is None else [listed]
    ids: dict[int | str, None] = {}
    for entry in entries:
        text = str(entry).strip().removeprefix(f"{kind}:").partition("|")[0]
        user: int | str = int(text) if kind == "telegram" and text.isdecimal() else text
        wrong = [problem.code for problem in user_problems(where, kind, user)]
        if not wrong:
            ids[user] = None
        elif text == "*":
            record.drop(where, "everyone")
        elif wrong == ["nobody"] or not usable(text):
            record.drop(where, "nobodys_id", entry=text)
        else:
            record.drop(where, "no_id", entry=text)
    return list(ids)
