"""Files that hold secrets, on the operator's machine."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click

from agent.errors import ConfigError
from agent.operator.words import say


def read(file: Path, lang: str) -> str:
    """The file's text; a ClickException that says what to do when there is none."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise click.ClickException(say("no_file", lang, file=file)) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "UTF-8"
        raise click.ClickException(say("unreadable", lang, file=file, reason=reason)) from None


def write_private(file: Path, text: str) -> None:
    """Put the text there for this user's eyes alone, whole or not at all."""
    try:
        descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # 0600 from the start
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be written ({error.strerror})", f"nie można zapisać {file} ({error.strerror})"
        ) from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def back_up(file: Path) -> Path | None:
    """Keep what is there under another name, likewise private; None when nothing is there."""
    if not file.exists():
        return None
    copy = file.with_name(f"{file.name}.{datetime.now(UTC):%Y%m%d-%H%M%S}.bak")
    write_private(copy, file.read_text(encoding="utf-8"))
    return copy


def masked(secret: object) -> str:
    """Enough of a secret to know it again, and too little to use."""
    text = secret if isinstance(secret, str) else "..."
    return f"{text[:4]}…{text[-2:]}" if len(text) >= 20 else "•••"
