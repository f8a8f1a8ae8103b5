"""The deploy's data, and what is said when it is not what it should be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pyinfra.api.exceptions import DeployError
from pyinfra.api.host import Host
from pyinfra.api.inventory import Inventory
from pyinfra.context import ctx_host

from roles.common import settings


def read(reader: Callable[[str], Any], value: Any) -> Any:
    inventory = Inventory(([("@local", {"key": value})], {}))  # type: ignore[no-untyped-call]
    host: Host = next(iter(inventory))
    with ctx_host.use(host):
        return reader("key")


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        (settings.switch, True),
        (settings.switch, False),
        (settings.number, 0),
        (settings.number, 900),
        (settings.text, "a"),
        (settings.optional_text, None),
        (settings.optional_text, "a"),
        (settings.texts, []),
        (settings.texts, ["a", "b"]),
        (settings.mapping, {}),
        (settings.mapping, {"a": "b"}),
    ],
)
def test_a_good_value_is_read(reader: Callable[[str], Any], value: Any) -> None:
    assert read(reader, value) == value


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        (settings.switch, "no"),
        (settings.switch, 0),
        (settings.switch, None),
        (settings.number, "900"),
        (settings.number, -1),
        (settings.number, True),
        (settings.number, None),
        (settings.text, None),
        (settings.text, ""),
        (settings.text, 1),
        (settings.optional_text, ""),
        (settings.optional_text, ["a"]),
        (settings.texts, "a"),
        (settings.texts, [1]),
        (settings.texts, None),
        (settings.mapping, ["a:b"]),
        (settings.mapping, {"a": 1}),
        (settings.mapping, None),
    ],
)
def test_a_bad_value_is_one_sentence_that_names_the_key(reader: Callable[[str], Any], value: Any) -> None:
    with pytest.raises(DeployError) as refused:
        read(reader, value)

    assert str(refused.value).startswith("key must be ")
