"""The keys of the deploy's data: a misspelt one must not pass for one that was not given."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches

from pyinfra.api.exceptions import DeployError
from pyinfra.context import host

from roles import containers, daemon, docker, health, image, network, preflight, removal, storage
from roles.common.names import BACKUP_RECIPIENTS
from roles.common.words import sentence

_OURS = "picoclaw"
_PREFIX = f"{_OURS}_"
_ROLES = (preflight, docker, daemon, network, storage, image, containers, health, removal)

KNOWN = {key for role in _ROLES for key in role.DEFAULTS if key.startswith(_OURS)} | {BACKUP_RECIPIENTS}


def known_data_only() -> None:
    """Refuse the host in hand when it has data of this project's that nothing reads.

    Raises:
        DeployError: a line for each such key, with what was probably meant.
    """
    given: dict[str, object] = host.data.dict()  # type: ignore[no-untyped-call]
    if refusals := list(unknown(given, KNOWN)):
        raise DeployError("\n".join(refusals))


def unknown(given: Iterable[str], known: Collection[str]) -> Iterator[str]:
    """A sentence for each key that begins like one of this project's and is none."""
    # What all of them begin with makes none of them like another.
    rests = [key.removeprefix(_PREFIX) for key in known]
    for key in given:
        if key.startswith(_OURS) and key not in known:
            close = get_close_matches(key.removeprefix(_PREFIX), rests, n=1)
            if close:
                yield sentence("data_key_meant", key=key, meant=f"{_PREFIX}{close[0]}")
            else:
                yield sentence("data_key", key=key)
