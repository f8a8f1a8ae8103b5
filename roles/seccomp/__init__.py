"""The seccomp profiles: an allow-list of system calls for each container."""

from pyinfra.api.deploy import deploy

from roles.common.entries import Entry
from roles.common.names import SECCOMP_DIR
from roles.common.operations import paths
from roles.common.words import sentence
from roles.seccomp.profile import PROFILES, render


@deploy("seccomp")
def seccomp() -> None:
    """Write the profiles to where the docker client reads them; a container keeps the one it was created with."""
    files = [Entry(f"{SECCOMP_DIR}/{name}.json", content=render(profile)) for name, profile in PROFILES.items()]
    paths(name=sentence("name_seccomp"), entries=[Entry(SECCOMP_DIR, kind="directory", mode=0o755), *files])
