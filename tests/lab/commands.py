"""Running other programs, with their failures told in one sentence."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.lab.errors import LabError


def run(*command: str | Path, stdin: str | None = None, env: Mapping[str, str] | None = None) -> str:
    """Runs a command to its end and returns what it printed.

    Raises:
        LabError: it could not be started or failed; the message carries its last words.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, input=stdin, env=env, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise LabError(f"{words[0]} is not installed; `python -m tests.lab up` as root installs it.") from None
    if done.returncode != 0:
        raise LabError(f"`{' '.join(words)}` failed ({done.returncode}): {_last_words(done.stderr or done.stdout)}")
    return done.stdout


def succeeds(*command: str | Path) -> bool:
    """Tells whether a command ends well, whatever it prints."""
    return subprocess.run([str(word) for word in command], capture_output=True, check=False).returncode == 0


def run_logged(title: str, command: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None) -> None:
    """Runs a long command with its output in a file; `title` says what it does.

    Raises:
        LabError: it failed; the message carries the end of the file and its path.
    """
    with log.open("ab") as output:
        done = subprocess.run(
            [str(word) for word in command],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
        )
    if done.returncode != 0:
        raise LabError(f"{title} failed ({done.returncode}); {log} ends with: {tail(log)}")


def tail(log: Path, lines: int = 5) -> str:
    """Returns the last lines of a log, or a word saying that there are none."""
    if not log.exists():
        return "(no log)"
    return _last_words(log.read_text(errors="replace"), lines)


def _last_words(text: str, lines: int = 5) -> str:
    return " / ".join(text.strip().splitlines()[-lines:]) or "(no output)"
