"""What the lab tells the deploy and the tests about itself."""

import json
import shlex
from urllib.parse import urlencode

from tests.fakes import defaults
from tests.lab.addresses import Subnet
from tests.lab.paths import Places

_CONFIG = {
    "llm": {"provider": "openrouter", "api_key": defaults.OPENROUTER_KEY, "model": defaults.OPENROUTER_MODEL},
    "channel": {
        "type": "telegram",
        "bot_token": defaults.TELEGRAM_TOKEN,
        "allowed_user_ids": [defaults.OWNER_ID],
    },
}


def write_hosts(places: Places, subnet: Subnet) -> None:
    """Writes the data of this one host, as pyinfra's SSH connector and this project's deploy name them."""
    places.config.write_text(json.dumps(_CONFIG, indent=2), encoding="utf-8")
    services = subnet.services()
    data = {
        "ssh_hostname": subnet.host,
        "ssh_port": 22,
        "ssh_user": "root",
        "ssh_key": str(places.ssh_key),
        "ssh_known_hosts_file": str(places.known_hosts),
        "ssh_strict_host_key_checking": "yes",
        "picoclaw_config": str(places.config),
        "picoclaw_extra_hosts": services,
        "picoclaw_ca_file": str(places.ca),
        "picoclaw_allow_outbound": [f"{address}/32:443" for address in services.values()],
    }
    places.hosts.write_text(json.dumps({places.name: data}, indent=2), encoding="utf-8")


def environment(places: Places) -> dict[str, str]:
    """Returns the variables by which the deploy, testinfra and the tests find the lab."""
    return {
        "PICOCLAW_LAB": str(places.dir),
        "PICOCLAW_HOSTS_FILE": str(places.hosts),
        "PICOCLAW_TESTINFRA_HOSTS": f"ssh://{places.name}?{urlencode({'ssh_config': places.ssh_config}, safe='/')}",
    }


def exports(places: Places) -> str:
    """Returns them as lines for a shell to evaluate."""
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment(places).items())
