"""What the owner's data makes of the shipment: packages of their own in the sandbox."""

from __future__ import annotations

from typing import Any

import pytest
from pyinfra.api.exceptions import DeployError
from pyinfra.api.inventory import Inventory
from pyinfra.context import ctx_host

from roles.image.shipment import DEFAULTS, Shipment, shipped


def shipment(**data: Any) -> Shipment:
    inventory = Inventory(([("@local", {**DEFAULTS, **data})], {}))  # type: ignore[no-untyped-call]
    with ctx_host.use(next(iter(inventory))):
        return shipped()


def test_without_packages_the_build_has_no_argument() -> None:
    assert shipment().arguments == {}


def test_packages_are_an_argument_beside_others_and_part_of_the_tag() -> None:
    plain = shipment(image_build_args={"BASE": "x"})
    more = shipment(image_build_args={"BASE": "x"}, picoclaw_sandbox_packages=["g++", "bc", "libc6-dev"])

    assert more.arguments == {"BASE": "x", "PACKAGES": "bc g++ libc6-dev"}
    assert more.tag != plain.tag


def test_neither_order_nor_repetition_builds_another_image() -> None:
    once = shipment(picoclaw_sandbox_packages=["bc", "ed"])

    assert shipment(picoclaw_sandbox_packages=["ed", "bc", "ed"]).tag == once.tag


# What a shell or apt would take for something else: an option, a removal, a command, two words, a path, a version.
@pytest.mark.parametrize(
    "name", ["-y", "bash-", "a;id", "a b", "$(id)", "./a.deb", "bc=1", "bc/sid", "BC", "b", "", "bc\n"]
)
def test_what_is_no_package_name_is_refused(name: str) -> None:
    with pytest.raises(DeployError, match=r"^picoclaw_sandbox_packages: "):
        shipment(picoclaw_sandbox_packages=["jq", name])
