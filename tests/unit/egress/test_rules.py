# ruff: noqa: S104 - nothing is bound here
"""Entries of an allow-list, and the targets that they let through."""

from __future__ import annotations

import ipaddress

import pytest

from agent.egress import addresses, names, rules
from agent.egress.errors import RefusedError
from agent.egress.policy import Policy
from agent.egress.rules import Target
from agent.errors import ConfigError

KEY = "sandbox.allow_hosts"


def policy(*entries: str) -> Policy:
    return Policy("sandbox", tuple(rules.parse(entry, KEY) for entry in entries))


def target(text: str) -> Target:
    host, _, port = text.rpartition(":")
    try:
        address = addresses.parse(host.strip("[]"))
    except ValueError:
        return Target(names.canonical(host), int(port))
    return Target(str(address), int(port), address)


def verdict(allowed: Policy, wanted: str, *resolved: str) -> str:
    """Empty when a connection may be made, else the refusal."""
    asked = target(wanted)
    found = [asked.address] if asked.address else [ipaddress.ip_address(text) for text in resolved or ("8.8.8.8",)]
    try:
        allowed.check(asked, allowed.judge(asked), found)
    except RefusedError as refusal:
        return f"{refusal.status} {refusal}"
    return ""


@pytest.mark.parametrize(
    ("entry", "wanted", "resolved"),
    [
        ("example.org", "example.org:443", ()),
        ("Example.ORG.", "example.org:443", ()),
        ("żółw.pl", "xn--w-uga1v8h.pl:443", ()),
        ("*.example.org", "a.example.org:443", ()),
        ("*.example.org", "a.b.example.org:443", ()),
        ("*", "anything.example:443", ("8.8.8.8", "2606:4700::1")),
        ("*", "8.8.8.8:443", ()),
        ("*", "[2606:4700::1]:443", ()),
        ("*:8443", "example.org:8443", ()),
        ("example.org:8443", "example.org:8443", ()),
        ("ollama.home:11434", "ollama.home:11434", ("192.168.1.20",)),
        ("ollama.home:11434", "ollama.home:11434", ("fd00::20", "10.0.0.4")),
        ("ollama:11434", "ollama:11434", ("172.18.0.5",)),
        ("nas.home:443", "nas.home:443", ("192.168.1.9",)),
        ("192.168.1.20:11434", "192.168.1.20:11434", ()),
        ("192.168.1.20", "192.168.1.20:443", ()),
        ("192.168.1.0/24", "192.168.1.77:443", ()),
        ("192.168.1.0/24:8080", "192.168.1.77:8080", ()),
        ("[fd00::1]:11434", "[fd00::1]:11434", ()),
        ("fd00::1", "[fd00::1]:443", ()),
        ("fd00::/8", "[fd12::1]:443", ()),
        ("[fd00::/8]:8080", "[fd12::1]:8080", ()),
        ("127.0.0.1:8080", "127.0.0.1:8080", ()),
        ("127.0.0.1:8080", "[::ffff:127.0.0.1]:8080", ()),
        ("8.8.8.8", "8.8.8.8:443", ()),
    ],
)
def test_allowed(entry: str, wanted: str, resolved: tuple[str, ...]) -> None:
    assert verdict(policy(entry), wanted, *resolved) == ""


@pytest.mark.parametrize(
    ("entry", "wanted", "resolved"),
    [
        ("example.org", "example.com:443", ()),
        ("example.org", "a.example.org:443", ()),
        ("example.org", "notexample.org:443", ()),
        ("example.org", "example.org.evil.net:443", ()),
        ("example.org", "example.org:80", ()),
        ("example.org", "example.org:8443", ()),
        ("example.org:8443", "example.org:443", ()),
        ("*.example.org", "example.org:443", ()),
        ("*.example.org", "evilexample.org:443", ()),
        ("*.example.org", "a.example.org:22", ()),
        ("*", "example.org:80", ()),
        ("*", "8.8.8.8:53", ()),
        # not global, and not listed with a port
        ("*", "localhost:443", ("127.0.0.1",)),
        ("*", "a.example.org:443", ("192.168.1.1",)),
        ("*", "a.example.org:443", ("8.8.8.8", "10.0.0.1")),
        ("*", "a.example.org:443", ("8.8.8.8", "::1")),
        ("*", "127.0.0.1:443", ()),
        ("*", "[::1]:443", ()),
        ("*", "[::ffff:10.0.0.1]:443", ()),
        ("*", "[64:ff9b::7f00:1]:443", ()),
        ("*", "169.254.169.254:443", ()),
        ("*:8443", "a.example.org:8443", ("192.168.1.1",)),
        ("example.org", "example.org:443", ("192.168.1.1",)),
        ("*.example.org:443", "a.example.org:443", ("192.168.1.1",)),
        # listed with its port: private, but never these
        ("ollama.home:11434", "ollama.home:11434", ("127.0.0.1",)),
        ("ollama.home:11434", "ollama.home:11434", ("169.254.169.254",)),
        ("ollama.home:11434", "ollama.home:11434", ("0.0.0.0",)),
        ("ollama.home:11434", "ollama.home:11434", ("::1",)),
        ("ollama.home:11434", "ollama.home:11434", ("fe80::1",)),
        ("ollama.home:11434", "ollama.home:11434", ("ff02::1",)),
        ("ollama.home:11434", "ollama.home:11434", ("224.0.0.1",)),
        ("ollama.home:11434", "ollama.home:11434", ("192.168.1.20", "127.0.0.1")),
        ("ollama.home:11434", "ollama.home:22", ("192.168.1.20",)),
        ("ollama.home:11434", "192.168.1.20:11434", ()),
        # addresses and networks
        ("192.168.1.20:11434", "192.168.1.21:11434", ()),
        ("192.168.1.20:11434", "192.168.1.20:443", ()),
        ("192.168.1.0/24", "192.168.2.1:443", ()),
        ("192.168.1.0/24", "example.org:443", ("192.168.1.1",)),
        ("8.8.8.8", "dns.google:443", ("8.8.8.8",)),
        ("fd00::/8", "[fc00::1]:443", ()),
    ],
)
def test_refused(entry: str, wanted: str, resolved: tuple[str, ...]) -> None:
    assert verdict(policy(entry), wanted, *resolved).startswith("403 ")


def test_nothing_is_allowed_by_default() -> None:
    assert verdict(policy(), "example.org:443")


def test_a_listed_network_excuses_the_addresses_of_names_that_are_allowed_otherwise() -> None:
    both = policy("*", "192.168.1.0/24")
    assert verdict(both, "nas.example.org:443", "192.168.1.9") == ""
    assert verdict(both, "nas.example.org:443", "192.168.2.9")
    assert verdict(policy("*:8080", "192.168.1.0/24"), "nas.example.org:8080", "192.168.1.9")


def test_a_refusal_says_what_to_write_where() -> None:
    assert verdict(policy(), "example.org:22").endswith(
        "add example.org:22 to sandbox.allow_hosts in config.json and restart picoclaw"
    )
    not_global = verdict(policy("*"), "nas.home:443", "192.168.1.9")
    assert "add nas.home:443 to sandbox.allow_hosts" in not_global
    assert "192.168.1.9" not in not_global
    assert verdict(policy("*", "nas.home:443"), "nas.home:443", "192.168.1.9") == ""
    llm = Policy("llm", (), "only the provider's own hosts are, which llm.provider or llm.api_base names")
    assert "llm.api_base" in verdict(llm, "example.org:443")


@pytest.mark.parametrize(
    "entry",
    ["", " ", " example.org", "https://example.org", "example.org/path", "exa*mple.org", "*example.org", "**", "*.",
     "*.*", "a..b", "-a.org", "example.org:", "example.org:0", "example.org:65536", "example.org:https",
     "example.org:+443", "example.org:４４３", "user@example.org", "127.1", "0x7f.0.0.1", "2130706433", "*.1",
     "192.168.1.1/24", "0.0.0.0/0", "::/0", "10.0.0.0/7", "2000::/3", "0.0.0.0", "::", "224.0.0.1", "255.255.255.255",
     "ff02::1", "::ffff:10.0.0.1", "fe80::1%eth0", "[fd00::1", "[fd00::1]443", "[example.org]:443x", "a" * 64 + ".org",
     "a\0b.org", "exa mple.org"],
)  # fmt: skip
def test_what_is_no_entry_is_refused_in_words(entry: str) -> None:
    with pytest.raises(ConfigError, match=r"^config.json: sandbox.allow_hosts holds .+, but .+; write example.org"):
        rules.parse(entry, KEY)


@pytest.mark.parametrize(
    ("url", "entry"),
    [
        ("https://openrouter.ai/api/v1", "openrouter.ai"),
        ("https://nas.home:443/v1", "nas.home:443"),
        ("http://ollama.home:11434/v1", "ollama.home:11434"),
        ("http://ollama.home/v1", "ollama.home:80"),
        ("http://[fd00::1]:11434", "[fd00::1]:11434"),
        ("https://[fd00::1]/v1", "[fd00::1]"),
        ("https://Key@Example.org/v1", "example.org"),
    ],
)
def test_the_entry_of_an_address(url: str, entry: str) -> None:
    assert rules.entry_of(url) == entry
    rules.parse(entry, "llm.api_base")


@pytest.mark.parametrize(
    ("entry", "demanded"),
    [("example.org", True), ("*.example.org", True), ("*", False), ("example.org:443", False), ("8.8.8.8", False)],
)
def test_tls_for_the_name_is_demanded_where_a_name_alone_was_listed(entry: str, demanded: bool) -> None:
    assert rules.parse(entry, KEY).names_tls_host is demanded
