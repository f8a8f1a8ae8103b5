"""Operations that more than one role uses: fact, difference, then nothing or commands."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence

from pyinfra.api.command import PyinfraCommand, StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from roles.common import diff
from roles.common.commands import command, fail, script
from roles.common.entries import Entry, Seen, differences, kind_in_words
from roles.common.facts import Paths, Units
from roles.common.names import STACK_DIR
from roles.common.report import say
from roles.common.words import sentence


@operation()
def paths(entries: Sequence[Entry]) -> Generator[PyinfraCommand, None, None]:
    """Files and directories with their owner, mode and content, parents first.

    A file is replaced whole (staged, then renamed over the old one); its content travels on standard input, so that
    it is in no command line, no pyinfra output and no readable temporary file.
    """
    seen = host.get_fact(Paths, paths=[entry.path for entry in entries])
    changed = False
    for entry in entries:
        found = differences(entry, seen.get(entry.path))
        say(found)
        if found:
            changed = True
            yield from _repair(entry, seen.get(entry.path))
    if not changed:
        host.noop(sentence("paths_right", count=len(entries)))


def _repair(entry: Entry, seen: Seen | None) -> Generator[PyinfraCommand, None, None]:
    in_the_way = seen is not None and entry.kind not in ("absent", seen.kind)
    if in_the_way and seen is not None and not (entry.kind == "file" and seen.kind == "symbolic link"):
        kinds = {"found": kind_in_words(seen.kind), "wanted": kind_in_words(entry.kind)}
        yield fail(sentence("path_in_the_way", path=entry.path, **kinds))
    elif entry.kind == "absent":
        yield command("rm", "-f", "--", entry.path)
    elif entry.kind == "directory":
        yield script('mkdir -p -- "$path" && chown "$owner" -- "$path" && chmod "$mode" -- "$path"', **_fields(entry))
    elif entry.content is None:
        yield script('chown "$owner" -- "$path" && chmod "$mode" -- "$path"', **_fields(entry))
    else:
        yield _write(entry, entry.content)


def _write(entry: Entry, content: str) -> StringCommand:
    # Staged in a directory that is root's, never in one that the agent's uid could put a symbolic link into.
    inside = entry.path.startswith(f"{STACK_DIR}/")
    return script(
        """
        umask 077
        staged=$(mktemp -- "$staging/.deploy.XXXXXXXX") || exit 1
        if cat > "$staged" && chown "$owner" -- "$staged" && chmod "$mode" -- "$staged" && mv -fT -- "$staged" "$path"
        then exit 0
        fi
        rm -f -- "$staged"
        exit 1
        """,
        stdin=content,
        staging=STACK_DIR if inside else entry.path.rpartition("/")[0],
        **_fields(entry),
    )


def _fields(entry: Entry) -> dict[str, str]:
    return {"path": entry.path, "owner": f"{entry.uid}:{entry.gid}", "mode": f"{entry.mode:04o}"}


@operation()
def packages(names: Sequence[str], optional: Sequence[str] = ()) -> Generator[PyinfraCommand, None, None]:
    """Distribution packages; `optional` ones where the distribution has them. apt's lists are renewed first.

    Call it only when something is known to be missing: it does not look for itself.
    """
    say([sentence("packages_missing", names=" ".join(names))])
    yield script(
        """
        export DEBIAN_FRONTEND=noninteractive
        refuse() {
            printf "$failed\\n" "$1" >&2
            exit 1
        }
        apt-get update -q || refuse "apt-get update"
        for package in $optional; do
            apt-cache show "$package" >/dev/null 2>&1 && set -- "$@" "$package"
        done
        apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=120 -- "$@" ||
            refuse "apt-get install $*"
        """,
        failed=sentence("packages_failed", what="%s"),
        optional=" ".join(optional),
        names=names,
    )


@operation()
def unit_running(unit: str) -> Generator[PyinfraCommand, None, None]:
    """A systemd unit, enabled and active; one that runs already is never restarted."""
    missing = _missing(unit, {"UnitFileState": "enabled", "ActiveState": "active"})
    if not missing:
        host.noop(sentence("unit_runs", unit=unit))
        return
    say(missing)
    yield command("systemctl", "enable", "--now", unit)


@operation()
def unit_enabled(unit: str) -> Generator[PyinfraCommand, None, None]:
    """A systemd unit, enabled as its file is now; whether it runs is left to what starts it."""
    missing = _missing(unit, {"UnitFileState": "enabled", "NeedDaemonReload": "no"})
    if not missing:
        host.noop(sentence("unit_is_enabled", unit=unit))
        return
    say(missing)
    yield command("systemctl", "daemon-reload")
    yield command("systemctl", "enable", "--quiet", unit)


def _missing(unit: str, wanted: Mapping[str, str]) -> list[str]:
    found = host.get_fact(Units, units=[unit]).get(unit, {})
    return [f"{unit}: {line}" for line in diff.differences(wanted, found)]
