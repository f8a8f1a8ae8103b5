"""The whole deployment, top to bottom: `pyinfra inventory deploy.py`.

Each line is a role, a folder of that name in roles/. Run again, it changes nothing, or repairs what drifted and says
what that was. A host that is not fit for it is left out with one sentence; the others go on.
"""

from roles.common.hosts import each_host_on_its_own, go_on_when_nobody_can_be_asked
from roles.containers import containers
from roles.daemon import daemon
from roles.docker import docker
from roles.health import health
from roles.image import image
from roles.models import models
from roles.network import network
from roles.preflight import look_at_host, preflight
from roles.preflight.data import known_data_only
from roles.removal import removal, unwanted
from roles.seccomp import seccomp
from roles.storage import owners_config, storage

go_on_when_nobody_can_be_asked()
with each_host_on_its_own():
    known_data_only()
    machine = look_at_host()
    if unwanted():
        removal()
    else:
        preflight(machine=machine)
        config = owners_config()
        models(config=config)
        docker(machine=machine)
        daemon(machine=machine)
        network(machine=machine, config=config)
        seccomp()
        storage(config=config)
        image(config=config)
        containers(config=config)
        health(config=config)
