"""The deploy, with profiles that allow whatever they do not refuse by name: nothing a program makes stays untried."""

from pathlib import Path

from pyinfra import local

from roles.seccomp.profile import PROFILES
from tests.trace.profile import Permissive

PROFILES.update({name: Permissive(name, profile.may_fork, profile.answers) for name, profile in PROFILES.items()})
local.include(str(Path(__file__).parents[2] / "deploy.py"))
