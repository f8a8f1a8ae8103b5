"""What is shipped to a host, as this machine has it now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyinfra.api.exceptions import DeployError

from roles.common import settings
from roles.image.context import ContextFile, collect
from roles.image.context import tag as tag_of

DEFAULTS: dict[str, Any] = {
    # The directory with the Dockerfile, whose targets are `gateway` and `sandbox`.
    "image_recipe": str(Path(__file__).with_name("files")),
    # Arguments of the build, {"BASE": "debian:trixie-slim"}. They are part of the tag.
    "image_build_args": {},
    # Further files of this machine for the build, {"name in the context": "path here"}.
    "image_build_files": {},
}


@dataclass(frozen=True)
class Shipment:
    """The files of the build context, the build's arguments, and the tag that stands for both."""

    tag: str
    files: Sequence[ContextFile]
    arguments: Mapping[str, str]


def shipped() -> Shipment:
    """Collect it, by the data of the host in hand.

    Raises:
        DeployError: a file cannot be read.
    """
    recipe = Path(settings.text("image_recipe")).expanduser()
    arguments = settings.mapping("image_build_args")
    try:
        files = collect(recipe, settings.mapping("image_build_files"))
    except OSError as error:
        raise DeployError(f"{error.filename} is to be shipped and cannot be read ({error.strerror})") from None
    return Shipment(tag_of(files, arguments), files, arguments)
