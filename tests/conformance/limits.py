"""The cases that cannot pass by some way, each with its reason. A case of this table that passes fails its test."""

from collections.abc import Mapping

#: (engine, provider, case) to the reason
LIMITS: Mapping[tuple[str, str, str], str] = {}
