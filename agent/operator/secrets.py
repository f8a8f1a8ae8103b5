"""The references in a config.json, resolved where the deploy runs.

    "${OPENROUTER_API_KEY}"                                 the environment's
    {"command": "pass show openrouter"}                     the first line that a command prints
    {"command": "pass show x | tail -1", "shell": true}     likewise, by a shell
    {"command": "op read ...", "timeout_s": 120}            with more time than a minute

What a command prints to its standard output is shown nowhere, not even when it fails.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, cast

import msgspec

from agent.config.references import REFERENCE, map_strings, read_document, replace_commands, variable
from agent.errors import ConfigError

_MOST_WORDS = 400  # characters of a failed command's own complaint
_COMMON = 4  # shorter words of a command's output are no secret, and blotting them out would spoil the complaint


class CommandReference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command of the owner's that prints a secret."""

    command: str
    shell: bool = False
    timeout_s: float = 60.0


def resolve(text: str, environ: Mapping[str, str]) -> str:
    """The text of a config.json with its references replaced; as it was without any.

    Each command runs once a process, however many hosts use it: a key that wants a touch wants one.

    Raises:
        ConfigError: a variable is not set or a command gives no secret; names the key, never a value.
    """
    document = read_document(text)
    replaced = resolved(document, environ)
    return text if replaced == document else json.dumps(replaced, indent=2) + "\n"


def resolved(document: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """As `resolve`, of what the text stands for."""
    return _replaced(document, lambda one, key: _given(one, key, environ))


def resolve_each(
    document: Mapping[str, Any], environ: Mapping[str, str] | None
) -> tuple[dict[str, Any], dict[str, ConfigError], set[str]]:
    """Resolve what can be resolved, for a check that goes on where something cannot.

    Args:
        document: a whole config.json.
        environ: None leaves every reference alone.

    Returns:
        The document, with empty texts for references that gave nothing; the refusals by key; the keys of references
        that were left alone.
    """
    refused: dict[str, ConfigError] = {}
    left: set[str] = set()

    def given(one: str | Mapping[str, Any], key: str) -> str:
        if isinstance(one, str) and REFERENCE.fullmatch(one) is None:
            return one
        if environ is None:
            left.add(key)
            return ""
        try:
            return _given(one, key, environ)
        except ConfigError as error:
            refused[key] = error
            return ""

    return _replaced(document, given), refused, left


def _replaced(document: Mapping[str, Any], change: Callable[[str | Mapping[str, Any], str], str]) -> dict[str, Any]:
    """The document with what `change` makes of each text and then of each command reference, and its key."""
    return cast("dict[str, Any]", replace_commands(map_strings(document, change), change))


def _given(reference: str | Mapping[str, Any], key: str, environ: Mapping[str, str]) -> str:
    return variable(reference, key, environ) if isinstance(reference, str) else _secret(reference, key)


def _secret(reference: Mapping[str, object], key: str) -> str:
    try:
        wanted = msgspec.convert(reference, CommandReference)
    except msgspec.ValidationError as error:
        raise ConfigError(
            f'config.json: {key} is no command reference ({error}); write {{"command": "pass show openrouter"}}',
            f"config.json: {key} nie jest odwołaniem do polecenia ({error}); "
            'napisz {"command": "pass show openrouter"}',
        ) from None
    try:
        return _output(wanted)
    except _NoSecretError as error:
        program = _program(wanted)
        raise ConfigError(
            f"config.json: {key}: its command{program} {error}",
            f"config.json: {key}: polecenie{program} {error.polish}",
        ) from None


def _program(reference: CommandReference) -> str:
    """What to call the command in an error: its first word, for the others may hold more than one wants to show."""
    words = reference.command.split()
    return f" ({words[0]})" if words else ""


class _NoSecretError(Exception):
    """Why a command gave none, as the rest of a sentence; `polish` says the same."""

    def __init__(self, english: str, polish: str) -> None:
        super().__init__(english)
        self.polish = polish


@cache
def _output(reference: CommandReference) -> str:
    if not reference.command.strip():
        raise _NoSecretError(
            "is empty: write the command that prints the secret", "jest puste: wpisz polecenie, które wypisuje sekret"
        )
    try:
        arguments = ["/bin/sh", "-c", reference.command] if reference.shell else shlex.split(reference.command)
    except ValueError as error:
        raise _NoSecretError(
            f"cannot be taken apart ({error}): correct its quotes",
            f"nie daje się rozłożyć na słowa ({error}): popraw cudzysłowy",
        ) from None
    code, printed, complaint = _run(arguments, reference.timeout_s)
    if code:
        why = _shown(complaint, printed)
        raise _NoSecretError(
            f"ended with {code}: {why or 'it does not say why'}",
            f"zakończyło się kodem {code}: {why or 'nie mówi dlaczego'}",
        )
    secret = printed.partition("\n")[0].strip()
    if not secret:
        raise _NoSecretError(
            "printed nothing, or an empty first line: see what it prints in this shell",
            "nic nie wypisało albo pierwszy wiersz jest pusty: zobacz, co wypisuje w tej powłoce",
        )
    return secret


def _run(arguments: Sequence[str], timeout: float) -> tuple[int, str, str]:
    """Exit code, standard output and standard error. It is asked nothing: a prompt would be lost in the deploy."""
    try:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except FileNotFoundError:
        raise _NoSecretError(
            f"was not found: install {arguments[0]}, or give its whole path",
            f"nie zostało znalezione: zainstaluj {arguments[0]} albo podaj pełną ścieżkę",
        ) from None
    except OSError as error:
        raise _NoSecretError(
            f"cannot be run ({error.strerror})", f"nie daje się uruchomić ({error.strerror})"
        ) from None
    with process:
        try:
            printed, complaint = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # what a shell began holds the pipes, too
            raise _NoSecretError(
                f"was not done after {timeout:g} s: does it ask something? unlock it beforehand, or raise timeout_s",
                f"nie skończyło się po {timeout:g} s: czy o coś pyta? odblokuj je wcześniej albo zwiększ timeout_s",
            ) from None
    return process.returncode, printed, complaint


def _shown(complaint: str, printed: str) -> str:
    """The command's complaint in one line, without what it printed as its secret."""
    for line in sorted(set(printed.splitlines()), key=len, reverse=True):
        if len(line.strip()) >= _COMMON:
            complaint = complaint.replace(line.strip(), "***")
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in complaint).split())
    return words if len(words) <= _MOST_WORDS else f"{words[:_MOST_WORDS]}…"
