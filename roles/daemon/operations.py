"""Hardening the daemon without stopping anybody's container, or leaving it as it was."""

from __future__ import annotations

from collections.abc import Generator

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from roles.common.commands import fail, script
from roles.common.names import DAEMON_FILE, DAEMON_HARDENED, DAEMON_PENDING
from roles.common.report import say
from roles.common.words import sentence
from roles.daemon import hardening
from roles.daemon.facts import Daemon

# Standard input: the former settings with live-restore on, on one line; with live-restore as it was, on another; the
# merged ones. A daemon that starts without live-restore ends the containers that outlived the one before it, and does
# not start them again: so live-restore comes by a reload, and goes by one. A reload leaves it alone where the file does
# not name it. What is said comes in variables, as formats for printf where it quotes Docker.
_APPLY = r"""
folder=${file%/*}
umask 077
mkdir -p -- "$folder" && work=$(mktemp -d -- "$folder/.picoclaw.XXXXXXXX") || exit 1
trap 'rm -rf -- "$work"' EXIT
for name in live calm; do
    IFS= read -r line && printf '%s\n' "$line" > "$work/$name" || exit 1
done
cat > "$work/merged" && [ -s "$work/merged" ] && chmod 644 -- "$work"/* || exit 1
if [ -e "$file" ]; then
    chmod --reference="$file" -- "$work"/* && chown --reference="$file" -- "$work"/* || exit 1
    cp -p -- "$file" "$work/former" || exit 1
fi
since=$(date '+%Y-%m-%d %H:%M:%S')
put() {
    [ -e "$work/$1" ] || { rm -f -- "$file"; return; }
    cp -p -- "$work/$1" "$work/new" && mv -fT -- "$work/new" "$file"
}
comes_back() {
    systemctl reset-failed docker.service
    systemctl restart docker.service || return 1
    for _ in $(seq 60); do
        docker info >/dev/null 2>&1 && return
        sleep 1
    done
    return 1
}
takes_over_live_restore() {
    systemctl reload docker.service
    for _ in $(seq 20); do
        sleep 0.5
        [ -z "$(complaint)" ] || return 1
        [ "$(docker info --format '{{.LiveRestoreEnabled}}' 2>/dev/null)" = true ] && return
    done
    return 1
}
put_back() {
    put calm
    systemctl reload docker.service
    sleep 1
    put former
    rm -f -- "$pending"
}
complaint() {
    journalctl -q -u docker.service --since "$since" -o cat | grep -i 'unable to\|failed to start' | head -n 1
}
give_up() {
    said=$(complaint)
    printf "$1\n" "${said:-$see_journal}" >&2
}
# Docker 23 and newer can look at them first.
if dockerd --help 2>/dev/null | grep -q -e --validate; then
    said=$(dockerd --validate --config-file "$work/merged" 2>&1) || {
        printf "$refuses\n" "$(echo "$said" | tail -n 1)" >&2
        exit 1
    }
fi
: > "$pending"
if ! { put live && takes_over_live_restore; }; then
    put_back
    give_up "$no_takeover"
    echo "$unstarted" >&2
    exit 1
fi
[ ! -e "$work/former" ] || cp -p -- "$work/former" "$file.before-picoclaw-$(date +%Y%m%d-%H%M%S)" || exit 1
if ! { put merged && comes_back; }; then
    give_up "$no_start"
    if put live && comes_back; then
        put_back
        echo "$as_before" >&2
    else
        echo "$down" >&2
        put_back
    fi
    exit 1
fi
rm -f -- "$pending"
mkdir -p -- "${hardened%/*}" && : > "$hardened"
"""


@operation()
def daemon_hardened() -> Generator[PyinfraCommand, None, None]:
    """The owner's daemon.json with the hardening in it, in force.

    A file that is no JSON is refused untouched. The former file is kept beside it. When Docker does not come back, the
    former file is put back and the run fails.
    """
    state = host.get_fact(Daemon)
    try:
        merged = hardening.merge(hardening.read(state.text))
    except hardening.DaemonFileError as error:
        yield fail(str(error))
        return
    if not merged.changes and not state.pending:
        host.noop(sentence("daemon_right"))
        return
    if state.swarm:
        yield fail(sentence("daemon_swarm"))
        return
    say(merged.changes)
    say([sentence("daemon_pending")] if state.pending else [])
    names = {"file": DAEMON_FILE, "pending": DAEMON_PENDING, "hardened": DAEMON_HARDENED}
    yield script(_APPLY, stdin="\n".join(merged.steps), **names, **_said())


def _said() -> dict[str, str]:
    """What the script may have to say."""
    return {
        "refuses": sentence("daemon_refuses", file=DAEMON_FILE, said="%s"),
        "no_takeover": sentence("daemon_no_takeover", file=DAEMON_FILE, said="%s"),
        "no_start": sentence("daemon_no_start", file=DAEMON_FILE, said="%s"),
        "see_journal": sentence("daemon_journal"),
        "unstarted": sentence("daemon_unstarted"),
        "as_before": sentence("daemon_as_before"),
        "down": sentence("daemon_down"),
    }
