"""The names that everything on the host goes by; the README, the tests and the owner's habits know them too."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

STACK_DIR = "/opt/stacks/picoclaw"
CONFIG_DIR = f"{STACK_DIR}/config"
CONFIG_FILE = f"{CONFIG_DIR}/config.json"
CA_FILE = f"{CONFIG_DIR}/ca.pem"
MODELS_FILE = f"{CONFIG_DIR}/models.json"
SECCOMP_DIR = f"{STACK_DIR}/seccomp"
BUILD_DIR = f"{STACK_DIR}/build"
FIREWALL_FILE = f"{STACK_DIR}/firewall.nft"
FIREWALL_RECORD = f"{STACK_DIR}/firewall.loaded"
FIREWALL_LOADER = f"{STACK_DIR}/firewall.sh"
FIREWALL_UNIT = "picoclaw-firewall.service"
FIREWALL_PATH_UNIT = "picoclaw-firewall.path"
FIREWALL_RENEWAL_UNIT = "picoclaw-firewall-renewal.service"
# Every resolver that the host has named since it booted, one a line.
RESOLVERS_SEEN = "/run/picoclaw-resolvers"

DAEMON_FILE = "/etc/docker/daemon.json"
# It was hardened once; it was written, and Docker not yet restarted.
DAEMON_HARDENED = f"{STACK_DIR}/daemon.hardened"
DAEMON_PENDING = "/run/picoclaw-daemon-pending"

# Who the agent is, inside the containers and as the owner of its files.
UID = GID = 1000

NETWORK = "picoclaw-net"
BRIDGE = "br-picoclaw"
NFT_TABLE = "picoclaw"

GATEWAY = "picoclaw"
SANDBOX = "picoclaw-sandbox"
LLM = "picoclaw-llm"
# Those that every deploy has; LLM is there only when a model of config.json needs it.
CONTAINERS = (GATEWAY, SANDBOX)

GATEWAY_IMAGE = "picoclaw-gateway"
SANDBOX_IMAGE = "picoclaw-sandbox"
LLM_IMAGE = "picoclaw-llm"
PREVIOUS_TAG = "previous"
# Starts what Docker could not.
CONTAINERS_UNIT = "picoclaw-containers.service"
# What a container is called that is kept until the one of a new image, in its place, is healthy.
BEFORE = "-before"

STATE_VOLUME = "picoclaw-state"
WORKSPACE_VOLUME = "picoclaw_picoclaw-workspace"
SOCKET_VOLUME = "picoclaw-sandbox-socket"
LLM_SOCKET_VOLUME = "picoclaw-llm-socket"
EGRESS_VOLUME = "picoclaw-egress"

# The data of a host that no role reads: for whom `picoclaw backup` encrypts.
BACKUP_RECIPIENTS = "picoclaw_backup_recipients"
