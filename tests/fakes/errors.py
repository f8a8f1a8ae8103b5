"""Errors of the stand-ins themselves (not those that they play to their clients).

FakesError
└── ConfigError     the description of the lab cannot be used
"""


class FakesError(Exception):
    """One clear sentence for the person who runs the stand-ins."""


class ConfigError(FakesError):
    """`fakes.json` is missing or not of its form."""
