"""Another assistant's config.json made into ours: PicoClaw's own, versions 0 to 3, and what mikrus-toolbox wrote.

It fails closed: nobody gets access whom the file does not name by an id, and what is not carried over is said.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.config.references import REFERENCE, map_strings, mapping, read_document
from agent.errors import ConfigError
from agent.gateway.printable import one_line
from agent.operator.importing import security_file
from agent.operator.importing.channels import channels
from agent.operator.importing.models import models
from agent.operator.importing.questions import Questions
from agent.operator.importing.record import Record

_NEWEST = 3
# What is read; all else has no counterpart here and is named.
_READ = {"version", "agents", "providers", "model_list", "channels", "channel_list"}
_READ_DEFAULTS = {
    "provider", "model", "model_name", "model_fallbacks", "max_tokens", "temperature", "max_tool_iterations",
}  # fmt: skip


@dataclass
class Imported:
    """Our config.json, which holds secrets, and what is to be said of it."""

    document: dict[str, Any] = field(repr=False)
    record: Record


def convert(text: str, beside: Path, questions: Questions) -> Imported:
    """Make ours of the text of another's config.json.

    Args:
        text: the file's.
        beside: the folder it lies in, where `.security.yml` may be.
        questions: who is asked where the file leaves something open.

    Raises:
        ConfigError: it is not such a file, or of a newer version, or something stayed open.
    """
    document = read_document(text)
    if "llm" in document:
        raise ConfigError(
            "this is a config.json of this assistant already: picoclaw config check looks at it",
            "to już jest config.json tego asystenta: sprawdzi go picoclaw config check",
        )
    version = document.get("version", 0)
    if version not in range(_NEWEST + 1) or isinstance(version, bool):
        raise ConfigError(
            f"version {version!r} of PicoClaw's config.json is not known here; known are 0 to {_NEWEST}",
            f"wersja {version!r} pliku config.json PicoClaw nie jest tu znana; znane są od 0 do {_NEWEST}",
        )
    if not _READ - {"version"} & document.keys():
        raise ConfigError(
            "this is no config.json of PicoClaw: it has neither agents nor channels",
            "to nie jest config.json PicoClaw: nie ma w nim ani agents, ani channels",
        )
    secrets = security_file.read(beside / security_file.NAME)
    record = Record()
    defaults = mapping(mapping(document.get("agents")).get("defaults"))
    first, *others = models(document, defaults, secrets, record, questions)
    ours: dict[str, Any] = {"llm": {**first, **({"fallbacks": others} if others else {})}}
    _defaults(defaults, ours)
    listed = channels(document, secrets, record, questions)
    ours |= {"channel": listed[0]} if len(listed) == 1 else {"channels": listed}
    for key in sorted(document.keys() - _READ):
        record.drop(key, "no_counterpart")
    for key in sorted(defaults.keys() - _READ_DEFAULTS):
        record.drop(f"agents.defaults.{key}", "no_counterpart")
    for key in sorted(mapping(document.get("agents")).keys() - {"defaults"}):
        record.drop(f"agents.{key}", "no_counterpart")
    return Imported(mapping(map_strings(ours, _no_reference)), record)


def _no_reference(value: str, key: str) -> str:
    if REFERENCE.fullmatch(value):
        raise ConfigError(
            f"{key} would be {one_line(value)}, which the next deploy fills from this machine's environment: put the "
            "value itself into the file, or the reference into config.json afterwards",
            f"{key} byłby równy {one_line(value)}, co następne wdrożenie uzupełni ze środowiska tego komputera: wpisz "
            "do pliku samą wartość albo odwołanie później do config.json",
        )
    return value


def as_text(imported: Imported) -> str:
    """What goes into the file."""
    return json.dumps(imported.document, indent=2, ensure_ascii=False) + "\n"


def _defaults(defaults: dict[str, Any], ours: dict[str, Any]) -> None:
    if isinstance(tokens := defaults.get("max_tokens"), int) and tokens > 0:
        ours["llm"]["max_tokens"] = tokens
    if isinstance(temperature := defaults.get("temperature"), (int, float)):
        ours["llm"]["temperature"] = temperature
    if isinstance(steps := defaults.get("max_tool_iterations"), int) and steps > 0:
        ours["assistant"] = {"max_steps": min(steps, 200)}
