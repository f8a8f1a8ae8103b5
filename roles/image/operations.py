"""Building the images on the host, and keeping the one before."""

from __future__ import annotations

import base64
import time
from collections.abc import Generator, Sequence

from pyinfra.api.command import FunctionCommand, PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.api.state import State
from pyinfra.context import host

from roles.common.commands import docker, fail, run, script
from roles.common.names import BUILD_DIR, PREVIOUS_TAG
from roles.common.report import say
from roles.common.words import sentence
from roles.image.context import ContextFile, archive
from roles.image.copying import copied
from roles.image.facts import ImagesFact
from roles.image.images import REPOSITORIES
from roles.image.shipment import Shipment

# A stage of the Dockerfile that is no target of its own bears this label, so that it is known for ours.
STAGE_LABEL = "picoclaw.stage"

# Prints the steps as they begin, and all of what was said when one fails. Plain `docker build` is the legacy builder
# on some hosts and BuildKit on others: `Step 1/9 : ...` and `#7 [gateway 2/5] ...`.
_BUILD = """
umask 077
log=$directory.log
{
    BUILDKIT_PROGRESS=plain docker build --target "$target" --tag "$image" "$@" "$directory" 2>&1
    echo "ended $?"
} | tee "$log" | sed -nuE '/^(Step [0-9]+\\/|#[0-9]+ \\[)/s/^(.{1,110}).*/\\1/p'
[ "$(tail -n 1 "$log")" = "ended 0" ] && exit 0
echo "$failed" >&2
tail -n 31 "$log" | head -n 30 >&2
exit 1
"""


@operation()
def images(
    targets: Sequence[str], shipment: Shipment, *, source: str | None = None, refresh: bool = False
) -> Generator[PyinfraCommand, None, None]:
    """An image of the shipment for each of these build targets, and those before tagged `previous`; all older ones go.

    Nothing is shipped or built when they are there, or when `source` names another host to have them from. With
    `refresh` they are made anew from the distribution's packages of today, under the same tag.
    """
    tag = shipment.tag
    found = host.get_fact(ImagesFact, repositories=[REPOSITORIES[target] for target in targets])
    if tag == PREVIOUS_TAG:
        yield from _only_if_there(found.missing(tag, targets))
        return
    missing = found.missing(tag, targets)
    wanted = list(targets) if refresh else missing
    replaced = found.to_keep_as_previous(tag, [REPOSITORIES[target] for target in wanted])
    outdated = [*found.outdated(tag, replaced), *found.unnamed(replaced)]
    if refresh:
        say(sentence("image_refreshed", image=REPOSITORIES[target]) for target in targets)
    else:
        say(sentence("image_missing", image=REPOSITORIES[target], tag=tag) for target in missing)
    if wanted and source not in (None, host.name):
        yield FunctionCommand(copied, (source, tag, wanted), {})
    elif wanted:
        yield from _ship(shipment.files)
        options = _options(shipment, refresh=refresh)
        for target in wanted:
            yield FunctionCommand(_build, (target, tag, options), {})
        # The legacy builder leaves the stages that are no target as untagged images, which stay for its cache.
        yield docker("image", "prune", "--force", f"--filter=label={STAGE_LABEL}", "--filter=until=30m")
    for repository, number in replaced.items():
        yield docker("tag", number, f"{repository}:{PREVIOUS_TAG}")
    if outdated:
        yield docker("image", "rm", *outdated)
    if not wanted and not replaced and not outdated:
        host.noop(sentence("images_there", tag=tag))


def _only_if_there(missing: Sequence[str]) -> Generator[PyinfraCommand, None, None]:
    """Nothing is built and nothing goes while the owner looks at the version before."""
    if missing:
        names = ", ".join(REPOSITORIES[target] for target in missing)
        yield fail(sentence("no_previous", names=names))
    else:
        host.noop(sentence("previous_there"))


def _ship(files: Sequence[ContextFile]) -> Generator[PyinfraCommand, None, None]:
    yield script(
        """
        umask 077
        rm -rf -- "$directory" && mkdir -p -- "$directory" && base64 -d | tar -xzp --no-same-owner -C "$directory"
        """,
        stdin=base64.encodebytes(archive(files)).decode(),
        directory=BUILD_DIR,
    )


def _options(shipment: Shipment, *, refresh: bool) -> list[str]:
    arguments = [f"--build-arg={name}={value}" for name, value in shipment.arguments.items()]
    return [*arguments, *([f"--build-arg=REFRESHED={time.time():.0f}"] if refresh else [])]


def _build(state: State, host: Host, target: str, tag: str, options: Sequence[str]) -> bool:  # noqa: ARG001 (pyinfra passes both by name)
    image = f"{REPOSITORIES[target]}:{tag}"
    host.log_styled(sentence("building", image=image), fg="yellow")
    failed = sentence("build_failed", target=target)
    build = script(_BUILD, failed=failed, directory=BUILD_DIR, target=target, image=image, options=options)
    worked, _ = run(host, build, show=True)
    return worked
