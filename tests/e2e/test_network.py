"""The network's isolation on a live host: what it refuses, what it outlives, and whom it leaves alone."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.probes import Packets, Target, sockets, witness
from tests.lab import Lab
from tests.lab.ssh import command
from tests.stack import Stack

GLOBAL = "1.1.1.1"  # answered by the lab, as every address is
REFUSED = {"EHOSTUNREACH", "EACCES", "ENETUNREACH", "silence"}
ARRIVED = {"reached", "ECONNREFUSED"}  # the latter is said by the other end
IN_FORCE = "nft list chain inet picoclaw forward"
SCTP = 132
LISTEN = (
    "perl -MIO::Socket::INET -e "
    "'$l = IO::Socket::INET->new(LocalPort => 8080, Listen => 5); while ($c = $l->accept) { close $c }'"
)


def allowed(lab: Lab) -> dict[str, Target]:
    return {"global port 443": ("tcp", GLOBAL, 443), "resolver": ("udp", lab.state.subnet.resolver, 53)}


def elsewhere(lab: Lab) -> dict[str, Target]:
    """What lies outside the host and must not be reached, though the lab answers at every address."""
    named = {name: ("tcp", address, 443) for name, address in lab.state.subnet.probe_targets().items()}
    not_global = ("10.200.0.1", "172.31.0.1", "192.168.77.7", "100.64.1.1", "169.254.1.1", "198.18.0.1", "192.0.2.1")
    return {
        **named,
        **{address: ("tcp", address, 443) for address in not_global},
        "metadata's own port": ("tcp", named["metadata"][1], 80),
        **{f"global port {port}": ("tcp", GLOBAL, port) for port in (22, 25, 53, 80, 8443, 65535)},
        "another resolver": ("udp", GLOBAL, 53),
        "a resolver nearby": ("udp", lab.state.subnet.gateway, 53),
    }


def on_the_host(lab: Lab, other: str) -> dict[str, Target]:
    """The host's sshd at each of its addresses, and the other container directly and by its published port."""
    addresses = [address for address in lab.ssh("hostname -I", check=True).stdout.split() if ":" not in address]
    return {
        **{f"sshd at {address}": ("tcp", address, 22) for address in addresses},
        **{f"published at {address}": ("tcp", address, 18080) for address in addresses},
        "other container": ("tcp", other, 8080),
        "sshd by IPv6": ("tcp", "fd00:99::1", 22),
        "other container by IPv6": ("tcp", "fd00:98::2", 443),
        "sshd by a link-local address": ("tcp", "fe80::99%eth0", 22),
    }


@contextmanager
def another_stack(lab: Lab) -> Iterator[str]:
    """A container with a bridge and a published port of its own; its address."""
    lab.ssh(
        "docker network create other && docker run -d --name other --network other -p 18080:8080"
        f" --restart always --stop-signal KILL debian:trixie-slim {LISTEN}",
        check=True,
    )
    form = "{{.NetworkSettings.Networks.other.IPAddress}}"
    try:
        yield lab.ssh(f"docker inspect --format '{form}' other", check=True).stdout.strip()
    finally:
        lab.ssh("docker rm -f other; docker network rm other", check=True)


def published_answers(lab: Lab) -> bool:
    """Whether its published port is reached from outside."""
    with socket.create_connection((lab.address, 18080), 5):
        return True


@contextmanager
def without_dockers_isolation(lab: Lab) -> Iterator[None]:
    """Bridges reach each other, as on a host whose owner wants that: what is refused then, the own table refuses."""
    lab.ssh("iptables -I DOCKER-USER -j ACCEPT", check=True)
    try:
        yield
    finally:
        lab.ssh("iptables -D DOCKER-USER -j ACCEPT", check=True)


@contextmanager
def ufw(lab: Lab) -> Iterator[None]:
    """The owner's own firewall: nothing in but SSH."""
    lab.ssh(
        "apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends ufw &&"
        " ufw allow 22/tcp && ufw default deny incoming && ufw --force enable",
        check=True,
    )
    try:
        yield
    finally:
        lab.ssh("ufw --force reset && systemctl restart docker", check=True)


@contextmanager
def own_rules(lab: Lab) -> Iterator[None]:
    """What the owner has written with iptables."""
    chain = "iptables -N mine && iptables -A mine -s 203.0.113.9 -j DROP"
    lab.ssh(f"{chain} && iptables -I INPUT -j mine && iptables -I FORWARD -j mine", check=True)
    try:
        yield
    finally:
        remove = "iptables -D INPUT -j mine; iptables -D FORWARD -j mine; iptables -F mine; iptables -X mine"
        lab.ssh(remove, check=True)


@contextmanager
def restored(lab: Lab, file: str) -> Iterator[None]:
    """Put a file back as it was."""
    before = lab.ssh(f"cat {file}", check=True).stdout
    try:
        yield
    finally:
        lab.ssh(f"cat > {file}", stdin=before, check=True)


@contextmanager
def ipv6_everywhere(lab: Lab) -> Iterator[None]:
    """Somebody enables IPv6 for the gateway and for the other stack, and forwards it."""
    lab.ssh(_IPV6 + "enable br-picoclaw 99 picoclaw && enable $(bridge) 98 other", check=True)
    try:
        yield
    finally:
        lab.ssh(_IPV6 + "disable br-picoclaw 99 picoclaw; disable $(bridge) 98 other", check=True)


_IPV6 = """
bridge() { echo "br-$(docker network inspect --format '{{.Id}}' other | cut -c 1-12)"; }
inside() {
    pid=$(docker inspect --format '{{.State.Pid}}' "$1") && shift && nsenter --net --target "$pid" "$@"
}
enable() {
    sysctl -q -w net.ipv6.conf.all.forwarding=1 "net.ipv6.conf.$1.disable_ipv6=0" &&
    ip address add "fd00:$2::1/64" dev "$1" nodad && ip address add "fe80::$2/64" dev "$1" nodad &&
    inside "$3" sysctl -q -w net.ipv6.conf.all.disable_ipv6=0 &&
    inside "$3" ip address add "fd00:$2::2/64" dev eth0 nodad &&
    inside "$3" ip route add default via "fd00:$2::1"
}
disable() {
    inside "$3" sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
    ip address del "fd00:$2::1/64" dev "$1"; ip address del "fe80::$2/64" dev "$1"
    sysctl -q -w net.ipv6.conf.all.forwarding=0
}
"""


def not_refused(outcomes: dict[str, str]) -> dict[str, str]:
    return {name: outcome for name, outcome in outcomes.items() if outcome not in REFUSED}


# To the host's sshd, which greets, and answers whatever else comes with a complaint.
_KEEP_A_CONNECTION = """docker exec -i picoclaw /usr/bin/python3 -S -c '
import socket, time
host = socket.create_connection(("172.17.0.1", 22), 2)
host.recv(100)
print("made", flush=True)
time.sleep(2)
host.sendall(b"anything\\r\\n")
try:
    print("answered" if host.recv(100) else "closed")
except OSError:
    print("ended")
'"""


def assert_isolated(stack: Stack) -> None:
    """In short: the table is there and refuses, and the bot answers."""
    stack.lab.ssh(IN_FORCE, check=True)
    host = {"host": ("tcp", stack.lab.state.subnet.host_outside, 22)}
    assert not_refused(sockets(stack, {**elsewhere(stack.lab), **host}, 0.7)) == {}
    stack.wait_ready(120)
    assert "isolated" in stack.ask("run echo isolated", timeout=60)
    stack.wait_healthy("picoclaw")
    stack.wait_healthy("picoclaw-sandbox")


def test_only_443_of_global_addresses_and_the_resolver_are_reached(stack: Stack) -> None:
    lab, packets = stack.lab, Packets(stack.lab)
    nearby = lab.state.subnet.gateway
    gateway = stack.inspect()["NetworkSettings"]["Networks"]["picoclaw-net"]["IPAddress"]
    into_the_gateway = f"docker exec other timeout 1 bash -c 'echo > /dev/tcp/{gateway}/9' 2>&1"
    with another_stack(lab) as other, without_dockers_isolation(lab), ipv6_everywhere(lab), witness(lab) as seen:
        outside, inside = elsewhere(lab), on_the_host(lab, other)

        def send_all(seconds: float) -> dict[str, str]:
            assert not packets.ping(GLOBAL), "the lab answers pings only of addresses that it serves"
            packets.raw(nearby, SCTP)
            packets.fragments(nearby, 4000)
            return sockets(stack, {**outside, **inside}, seconds)

        assert set(sockets(stack, allowed(lab), 10).values()) == {"reached"}
        seen.start()
        assert not_refused(send_all(1.5)) == {}
        assert not packets.ping(nearby)
        assert seen.protocols(nearby) == seen.protocols(GLOBAL) == set()
        assert seen.ports() & set(outside.values()) == set()
        assert "refused" not in lab.ssh(into_the_gateway).stdout

        lab.ssh("nft delete table inet picoclaw", check=True)
        try:
            outcomes = send_all(10)
            assert {name: outcome for name, outcome in outcomes.items() if outcome not in ARRIVED} == {}
            assert packets.ping(nearby)
            assert seen.protocols(nearby) >= {"icmp", "udp", "sctp"}
            assert seen.protocols(GLOBAL) >= {"icmp", "tcp", "udp"}
            assert set(outside.values()) <= seen.ports()
            assert "refused" in lab.ssh(into_the_gateway).stdout, "the gateway itself answers"
            kept = subprocess.Popen(command(lab.places, _KEEP_A_CONNECTION), stdout=subprocess.PIPE, text=True)
            assert kept.stdout is not None
            assert kept.stdout.readline() == "made\n"
        finally:
            lab.ssh("systemctl restart picoclaw-firewall", check=True)
        assert kept.communicate(timeout=10)[0] == "ended\n"
        assert not_refused(sockets(stack, inside)) == {}
    assert stack.planned_changes() == []


def test_an_exception_opens_exactly_that(stack: Stack) -> None:
    neighbour, beside = "192.168.77.7", "192.168.77.8"
    exceptions = json.loads(stack.lab.places.hosts.read_text(encoding="utf-8"))[stack.lab.name][
        "picoclaw_allow_outbound"
    ]
    targets: dict[str, Target] = {
        "listed": ("tcp", neighbour, 11434),
        "another port": ("tcp", neighbour, 443),
        "another address": ("tcp", beside, 11434),
        "by UDP": ("udp", neighbour, 53),
    }
    listed = json.dumps([*exceptions, f"{neighbour}/32:11434"])
    assert stack.deploy("-y", "--data", f"picoclaw_allow_outbound={listed}").returncode == 0
    assert not_refused(sockets(stack, targets)) == {"listed": "reached"}
    assert stack.deploy("-y").returncode == 0
    assert not_refused(sockets(stack, targets)) == {}


def test_a_resolver_that_the_host_changes_to_is_asked(stack: Stack) -> None:
    lab, other = stack.lab, stack.lab.state.subnet.gateway
    asked = {"the new one": ("udp", other, 53), "the old one": ("udp", lab.state.subnet.resolver, 53)}
    ended = {"the new one": asked["the new one"]}
    renewal = "picoclaw-firewall-renewal"
    with restored(lab, "/etc/resolv.conf"):
        lab.ssh(f"echo 'nameserver {other}' > /etc/resolv.conf", check=True)
        stack.wait_for(lambda: not_refused(sockets(stack, ended, 0.5)) == {"the new one": "reached"}, 10, stack.logs)
        assert set(sockets(stack, asked).values()) == {"reached"}, (
            "what runs goes on asking the one it was started with"
        )
        assert stack.planned_changes() == []
        before = moment(lab, renewal, "InactiveEnter")
    # Or it would remember what is forgotten next.
    stack.wait_for(lambda: moment(lab, renewal, "InactiveEnter") > before, 10, "its way back was not noticed".__str__)
    # The host's boot forgets it; here the deploy does, which sees the set and not why it grew.
    lab.ssh("rm /run/picoclaw-resolvers", check=True)
    assert stack.deploy("-y").returncode == 0
    assert not_refused(sockets(stack, ended)) == {}


def test_what_others_do_to_the_ruleset_leaves_it_in_force(stack: Stack) -> None:
    lab = stack.lab
    try:
        for deed in ("start", "restart", "reload", "stop", "start"):
            lab.ssh(f"systemctl {deed} nftables", check=True)
            stack.wait_for(lambda: lab.ssh(IN_FORCE).returncode == 0, 5, f"it is gone after {deed}".__str__)
    finally:
        # All of them flush Docker's rules as well, which only Docker brings back.
        lab.ssh("systemctl stop nftables; systemctl restart docker", check=True)
    assert_isolated(stack)
    assert stack.planned_changes() == []


def test_beside_ufw_and_another_stack_each_does_as_before(stack: Stack) -> None:
    lab = stack.lab
    rules = "iptables-save | grep -E -e '-A.* (ufw|-j mine)|-A mine'; grep -r . /etc/ufw | sort"
    with another_stack(lab) as other, ufw(lab), own_rules(lab):
        before = lab.ssh(rules, check=True).stdout
        assert "--dport 22" in before
        assert before.count("mine") == 3
        lab.ssh("systemctl restart picoclaw-firewall docker", check=True)
        assert stack.deploy("-y").returncode == 0
        assert_isolated(stack)
        assert lab.ssh(rules, check=True).stdout == before
        assert published_answers(lab)
        assert lab.ssh(f"docker exec other bash -c 'echo > /dev/tcp/{GLOBAL}/80'").returncode == 0
        assert not_refused(sockets(stack, {"other": ("tcp", other, 8080)})) == {}


def test_after_a_reboot_it_is_in_force_before_any_container_runs(stack: Stack) -> None:
    stack.lab.reboot()
    assert_isolated(stack)
    cycles = "systemd-analyze verify multi-user.target 2>&1 | grep -i 'ordering cycle'"
    assert stack.lab.ssh(cycles).stdout == "", "systemd would leave out a unit of its choice"
    assert moment(stack.lab, "picoclaw-firewall", "ActiveEnter") <= moment(stack.lab, "docker", "InactiveExit")
    assert stack.planned_changes() == []


def moment(lab: Lab, unit: str, change: str) -> int:
    """When a unit last entered that state, in microseconds since the host's boot."""
    return int(lab.ssh(f"systemctl show --value -p {change}TimestampMonotonic {unit}", check=True).stdout)
