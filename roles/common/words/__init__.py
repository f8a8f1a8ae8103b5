"""What the deploy says, in English and Polish: one catalogue, by subject.

drift.py       what is not as it should be
operations.py  what an operation is called, and why it has nothing to do
refusals.py    what keeps the deploy from its work, and the remedy
progress.py    what is said meanwhile, and how it ended
"""

from __future__ import annotations

import os

from agent.language import Language, language_of, worded
from roles.common.words.drift import DRIFT
from roles.common.words.operations import OPERATIONS
from roles.common.words.progress import PROGRESS
from roles.common.words.refusals import REFUSALS

CATALOGUE: dict[str, dict[Language, str]] = DRIFT | OPERATIONS | REFUSALS | PROGRESS


def language() -> str:
    """The operator's: there is one in a run, however many hosts."""
    return language_of(os.environ)


def sentence(kind: str, /, **values: object) -> str:
    """A sentence of the catalogue, as the operator reads it."""
    return worded(CATALOGUE[kind], language(), **values)
