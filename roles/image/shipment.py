"""What is shipped to a host, as this machine has it now."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyinfra.api.exceptions import DeployError

from roles.common import settings
from roles.common.names import PREVIOUS_TAG
from roles.common.words import sentence
from roles.image.context import ContextFile, collect
from roles.image.context import tag as tag_of

# Debian policy 5.6.1, but for a minus at the end, which tells apt to remove. Nothing that is special to a shell.
_PACKAGE_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]*[a-z0-9+.]")

DEFAULTS: dict[str, Any] = {
    # Debian packages that commands in the sandbox shall find beside those of the Dockerfile, ["bc", "build-essential"].
    "picoclaw_sandbox_packages": [],
    # The directory with the Dockerfile, whose targets are `gateway`, `sandbox` and `llm`.
    "image_recipe": str(Path(__file__).with_name("files")),
    # Arguments of the build, {"BASE": "debian:trixie-slim"}. They are part of the tag.
    "image_build_args": {},
    # The host of the inventory that builds the images for this one, which copies them from there; and trusts it so far.
    "picoclaw_images_from": None,
    # True makes the images anew from the distribution's packages of today: for security updates, once a week say.
    "picoclaw_refresh": False,
    # `current` builds and runs what is here, `previous` runs the images that the last change of version replaced.
    "picoclaw_version": "current",
    # Further files of this machine for the build, {"name in the context": "path here"}.
    "image_build_files": {},
}


@dataclass(frozen=True)
class Shipment:
    """The files of the build context, the build's arguments, and the tag that stands for both.

    Of the previous version there is the tag alone: its images are on the host, or nowhere.
    """

    tag: str
    files: Sequence[ContextFile]
    arguments: Mapping[str, str]


def shipped() -> Shipment:
    """Collect it, by the data of the host in hand.

    Raises:
        DeployError: a file cannot be read, or what is given for a package is not the name of one.
    """
    if settings.choice("picoclaw_version", "current", "previous") == "previous":
        return Shipment(PREVIOUS_TAG, [], {})
    recipe = Path(settings.text("image_recipe")).expanduser()
    arguments = {**settings.mapping("image_build_args"), **_packages_argument()}
    try:
        files = collect(recipe, settings.mapping("image_build_files"))
    except OSError as error:
        raise DeployError(sentence("not_shippable", file=error.filename, reason=error.strerror)) from None
    return Shipment(tag_of(files, arguments), files, arguments)


def _packages_argument() -> dict[str, str]:
    """The owner's packages as the Dockerfile's PACKAGES, where they are words of a shell command; none without any."""
    packages = sorted(set(settings.texts("picoclaw_sandbox_packages")))
    for name in packages:
        if not _PACKAGE_NAME.fullmatch(name):
            raise DeployError(sentence("data_package", name=name))
    return {"PACKAGES": " ".join(packages)} if packages else {}
