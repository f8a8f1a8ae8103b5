"""Differences in words."""

from __future__ import annotations

import pytest

from roles.common.diff import differences, in_words


def test_only_what_differs_is_named_in_the_order_wanted() -> None:
    wanted = {"b": 1, "a": True, "same": [1], "gone": "x"}

    assert differences(wanted, {"a": False, "b": 2, "same": [1], "more": 3}) == [
        "b: 1 wanted, 2 found",
        "a: yes wanted, no found",
        "gone: x wanted, none found",
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (134217728, "134217728"),
        (True, "yes"),
        (None, "none"),
        ("", "none"),
        ([], "none"),
        ({}, "none"),
        (["ALL"], "ALL"),
        (["a", "b"], "a, b"),
        ({"max-size": "1m", "max-file": "3"}, "max-size=1m, max-file=3"),
        ("sha256:" + "ab" * 32, "abababababab"),
        ("ab" * 32, "abababababab"),
        ("ab" * 31, "ab" * 31),
        ("x" * 300, "x" * 200 + "..."),
    ],
)
def test_a_value_reads_as_a_person_would_write_it(value: object, words: str) -> None:
    assert in_words(value) == words


def test_long_mappings_go_by_a_hash_that_tells_them_apart() -> None:
    one, other = ({"syscalls": [{"names": [name] * 40}]} for name in ("read", "write"))

    assert in_words(one).startswith("#")
    assert in_words(one) != in_words(other)
    assert in_words(one) == in_words(dict(one))
