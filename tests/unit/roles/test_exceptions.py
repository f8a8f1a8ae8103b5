"""What config.json opens in the firewall: each entry just what it names, and no more."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent import config
from agent.errors import ConfigError
from roles.network import firewall
from roles.network.exceptions import Allowed, Exceptions, of_config
from tests.compliance.packets import Packet, Table

HOSTS = {"nas.home": "192.168.1.20", "Pinned.Example": "10.0.0.7", "six.home": "fd00::1", "self.home": "host-gateway"}
LLM = {"provider": "openrouter", "api_key": "sk-or-v1-0123456789", "model": "anthropic/claude-3.5-sonnet"}


def wanted(*entries: str, llm: dict[str, Any] | None = None) -> Exceptions:
    document = {
        "llm": {**LLM, **(llm or {})},
        "channel": {"type": "discord", "bot_token": "MTIzabc"},
        "sandbox": {"allow_hosts": list(entries)},
    }
    return of_config(config.parse(json.dumps(document)), HOSTS)


@pytest.mark.parametrize(
    "entries",
    [
        (),
        ("example.org", "*.example.org", "*"),
        ("nas.home", "pinned.example"),
        ("1.1.1.1", "93.184.215.14:443"),
        ("[fd00::1]:11434", "fd00::/8"),
    ],
)
def test_what_is_open_as_it_is_or_cannot_be_reached_needs_nothing(entries: tuple[str, ...]) -> None:
    assert wanted(*entries) == Exceptions()


@pytest.mark.parametrize("provider", ["anthropic", "gemini", "groq"])
def test_a_provider_needs_nothing(provider: str) -> None:
    assert wanted(llm={"provider": provider}) == Exceptions()


@pytest.mark.parametrize(
    ("entry", "network", "port"),
    [
        ("192.168.1.20:11434", "192.168.1.20/32", 11434),
        ("192.168.1.20", "192.168.1.20/32", 443),
        ("192.168.1.0/24:8080", "192.168.1.0/24", 8080),
        ("93.184.215.14:8443", "93.184.215.14/32", 8443),
        ("nas.home:8443", "192.168.1.20/32", 8443),
        ("NAS.home:443", "192.168.1.20/32", 443),
        ("pinned.example:443", "10.0.0.7/32", 443),
    ],
)
def test_an_address_and_a_name_with_an_address_open_just_that(entry: str, network: str, port: int) -> None:
    assert wanted(entry) == Exceptions(listed=(Allowed(network, port),))


@pytest.mark.parametrize("name", ["other.home", "six.home", "self.home"])
def test_a_name_without_an_address_opens_its_port(name: str) -> None:
    assert wanted(f"{name}:8443") == Exceptions(private_ports=(8443,), global_ports=(8443,))
    assert wanted(f"{name}:443") == Exceptions(private_ports=(443,))


@pytest.mark.parametrize("pattern", ["*.example.org", "*", "*.nas.home"])
def test_a_pattern_opens_its_port_at_global_addresses_only(pattern: str) -> None:
    assert wanted(f"{pattern}:8443") == Exceptions(global_ports=(8443,))
    assert wanted(f"{pattern}:443") == Exceptions()


@pytest.mark.parametrize("engine", ["direct", "litellm"])
@pytest.mark.parametrize(
    ("api_base", "opened"),
    [
        ("https://model.example/v1", Exceptions()),
        ("http://192.168.1.20:11434/v1", Exceptions(listed=(Allowed("192.168.1.20/32", 11434),))),
        ("https://192.168.1.20/v1", Exceptions(listed=(Allowed("192.168.1.20/32", 443),))),
        ("http://nas.home/v1", Exceptions(listed=(Allowed("192.168.1.20/32", 80),))),
        ("https://other.home:443/v1", Exceptions(private_ports=(443,))),
        ("http://other.home:11434", Exceptions(private_ports=(11434,), global_ports=(11434,))),
    ],
)
def test_an_api_base_counts_as_an_entry_for_both_engines(engine: str, api_base: str, opened: Exceptions) -> None:
    assert wanted(llm={"engine": engine, "api_base": api_base}) == opened
    assert wanted(llm={"fallbacks": [{**LLM, "engine": engine, "api_base": api_base}]}) == opened


def test_an_api_base_to_which_nothing_can_connect_is_named() -> None:
    with pytest.raises(ConfigError, match=r"llm\.fallbacks\[0\]\.api_base holds '224\.0\.0\.1:80'"):
        wanted(llm={"fallbacks": [{**LLM, "engine": "direct", "api_base": "http://224.0.0.1:80"}]})


def test_everything_together_is_said_once_and_in_order() -> None:
    found = wanted("b.home:9", "a.home:7", "*:7", "10.0.0.9:1", "10.0.0.8:1", llm={"api_base": "http://10.0.0.8:1"})

    assert found == Exceptions((Allowed("10.0.0.8/32", 1), Allowed("10.0.0.9/32", 1)), (7, 9), (7, 9))


def rules(**exceptions: Any) -> str:
    return firewall.ruleset([Allowed("10.1.1.1/32", 80)], Exceptions(**exceptions))


def test_without_exceptions_the_file_is_the_one_without_this() -> None:
    plain = firewall.ruleset([Allowed("10.1.1.1/32", 80)])

    assert rules() == plain
    assert "private" not in plain
    assert rules(listed=(Allowed("10.1.1.1/32", 80),)) == plain, "what is listed twice stands there once"


CHAIN = {"forward": "outward", "input": "to_host"}


def accepts(text: str, hook: str, to: str, port: int) -> bool:
    """What the file does with a packet of the gateway, read as plainly as it is written."""
    return Table(parts(text)).verdict(hook, Packet(to, port)) == "accept"


def parts(text: str) -> list[dict[str, Any]]:
    """As much of the file as tells of addresses and ports, in nft's JSON."""
    found: list[dict[str, Any]] = []
    chain = name = ""
    for line in (line.strip() for line in text.splitlines()):
        words = line.split()
        if line.startswith("set "):
            name = words[1]
            found.append({"set": {"name": name, "elem": []}})
        elif line.startswith("chain "):
            chain = words[1]
            base = {"hook": chain, "type": "filter", "prio": -10} if chain in CHAIN else {}
            found.append({"chain": {"name": chain, **base}})
            if chain in CHAIN:
                found.append({"rule": {"chain": chain, "expr": [{"goto": {"target": CHAIN[chain]}}]}})
        elif ("/" in line and line[0].isdigit() and "elements" not in line) or line.startswith("elements = { "):
            texts = line.removeprefix("elements = {").removesuffix("}").replace(",", " ").split()
            prefixes = [{"prefix": {"addr": t.split("/")[0], "len": int(t.split("/")[1])}} for t in texts]
            next(p["set"] for p in found if p.get("set", {}).get("name") == name)["elem"] += prefixes
        elif chain and (expression := _rule(words)):
            found.append({"rule": {"chain": chain, "expr": expression}})
    return found


def _rule(words: list[str]) -> list[dict[str, Any]]:
    if words[:1] == ["jump"] and words[1] == "listed":
        return [{"jump": {"target": "listed"}}]
    expression: list[dict[str, Any]] = []
    if words[:2] == ["ip", "daddr"]:
        address = words[2]
        right: Any = address
        if not address.startswith("@"):
            network, _, length = address.partition("/")
            right = {"prefix": {"addr": network, "len": int(length)}}
        expression.append(_match("ip", "daddr", right))
        words = words[3:]
    if words[:2] == ["tcp", "dport"]:
        expression.append(_match("tcp", "dport", int(words[2])))
        words = words[3:]
    if words[:1] in (["accept"], ["reject"]):
        return [*expression, {words[0]: None}]
    return []


def _match(protocol: str, field: str, right: Any) -> dict[str, Any]:
    return {"match": {"op": "==", "left": {"payload": {"protocol": protocol, "field": field}}, "right": right}}


GLOBAL, NEIGHBOUR, METADATA, LOOPBACK, HOST = "23.192.0.1", "192.168.7.7", "169.254.169.254", "127.0.0.1", "172.18.0.1"


def test_a_port_for_private_networks_opens_nothing_else() -> None:
    text = rules(private_ports=(8443,))

    for address in (NEIGHBOUR, "10.0.0.1", "100.64.0.1", "172.31.0.1"):
        assert accepts(text, "forward", address, 8443)
        assert not accepts(text, "forward", address, 443)
        assert not accepts(rules(), "forward", address, 8443)
    for address in (METADATA, LOOPBACK, GLOBAL, "224.0.0.1", "0.0.0.1", "198.18.0.1"):
        assert not accepts(text, "forward", address, 8443)
    assert accepts(text, "forward", GLOBAL, 443)


def test_a_port_for_global_addresses_opens_no_other_one() -> None:
    text = rules(global_ports=(8443,))

    assert accepts(text, "forward", GLOBAL, 8443)
    assert not accepts(text, "forward", GLOBAL, 8444)
    for address in (NEIGHBOUR, METADATA, LOOPBACK):
        assert not accepts(text, "forward", address, 8443)


@pytest.mark.parametrize("address", [HOST, GLOBAL, NEIGHBOUR])
def test_a_name_never_opens_the_host_itself(address: str) -> None:
    text = rules(private_ports=(8443,), global_ports=(8443,))

    assert not accepts(text, "input", address, 8443)
    assert accepts(rules(listed=(Allowed(f"{address}/32", 8443),)), "input", address, 8443)
