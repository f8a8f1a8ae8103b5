"""Starting a real container before relying on it, made of the host's own /bin/true: nothing is pulled for it."""

from __future__ import annotations

from collections.abc import Generator, Iterable

from pyinfra import logger
from pyinfra.api.command import FunctionCommand, PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.api.state import State

from roles.common.commands import run, script
from roles.common.words import sentence

IMAGE = "picoclaw-probe:latest"

_SCRIPT = r"""
work=$(mktemp -d) || exit 1
cleanup() {
    docker rm --force picoclaw-probe >/dev/null 2>&1
    docker image rm --force "$image" >/dev/null 2>&1
    rm -rf -- "$work"
}
trap cleanup EXIT
program=$(readlink -f /bin/true)
set -- "$program" $(ldd "$program" | grep -o '/[^ )]*')
for file; do
    mkdir -p "$work/root${file%/*}" && cp -L "$file" "$work/root$file" || exit 1
done
mkdir -p "$work/root/tmp" "$work/root/proc" "$work/root/sys" "$work/root/dev"
docker rm --force picoclaw-probe >/dev/null 2>&1
tar -C "$work/root" -c . | docker import - "$image" >/dev/null || exit 1
docker run --rm --name picoclaw-probe --network none --read-only --cap-drop ALL \
    --security-opt no-new-privileges --user 1000:1000 --memory 128m --memory-swap 128m --cpus 1 --pids-limit 64 \
    --tmpfs /tmp:rw,noexec,nosuid,nodev,size=16m "$image" "$program"
"""


@operation()
def container_starts() -> Generator[PyinfraCommand, None, None]:
    """Prove that a container with the hardening options starts here; call it only when none is known to run."""
    yield FunctionCommand(_try, (), {})


def _try(state: State, host: Host) -> bool:  # noqa: ARG001 (pyinfra passes both by name)
    worked, output = run(host, script(_SCRIPT, image=IMAGE))
    if not worked:
        host.log_styled(explain(output.stderr_lines or output.output_lines), fg="red", log_func=logger.error)
    return worked


def explain(said: Iterable[str]) -> str:
    """One sentence from what docker and runc said: the cause as far as it is known, and the remedy."""
    lines = [line.strip() for line in said if line.strip()]
    text = " ".join(lines)
    if "ip_unprivileged_port_start" in text or ("reopen fd" in text and "permission denied" in text):
        return sentence("probe_lxc")
    last = lines[-1] if lines else sentence("docker_silent")
    if "cgroup" in text:
        return sentence("probe_cgroup", last=last)
    if "overlay" in text or "storage-driver" in text:
        return sentence("probe_storage", last=last)
    return sentence("probe_failed", last=last)
