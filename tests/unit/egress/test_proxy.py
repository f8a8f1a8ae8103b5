"""What the proxy lets through and what it answers otherwise; names, addresses, books."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from pathlib import Path
from typing import Any

import pytest

from agent.egress import hello
from agent.egress.errors import EgressError
from agent.egress.proxy import EgressProxy
from tests.unit.egress import world
from tests.unit.egress.test_hello import client_hello
from tests.unit.egress.world import HOME, OTHER_SITE, PORT, SITE, SITE_6, World, echo, policy, served


def test_a_tunnel_carries_both_ways_and_is_recorded_once_at_its_end(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        w.names["ollama.home"] = [HOME]
        async with served(echo, HOME, PORT), w.proxy(f"ollama.home:{PORT}"):
            reader, writer = await w.tunnel(f"Ollama.Home.:{PORT}", b"early ")
            writer.write(b"late")
            writer.write_eof()
            assert await reader.read() == b"early late"
            writer.close()
            (record,) = await w.recorded()
        assert (record.client, record.host, record.port, record.address) == ("sandbox", "ollama.home", PORT, HOME)
        assert (record.bytes_up, record.bytes_down, record.verdict, record.reason) == (10, 10, "allowed", "")
        assert 0 < record.seconds < 5
        assert abs(record.ended_at - time.time()) < 5
        assert len(w.records) == 1

    world.run(scenario, tmp_path)


def test_what_is_not_listed_is_refused_without_a_lookup(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async with w.proxy("site.example.org"):
            status, body = await w.ask(b"CONNECT secret-data.example.net:443 HTTP/1.1\r\n\r\n")
        assert status == "HTTP/1.1 403 " + body
        assert "add secret-data.example.net to sandbox.allow_hosts" in body
        assert w.lookups == []
        (record,) = w.records
        assert (record.verdict, record.host, record.address) == ("refused", "secret-data.example.net", "")

    world.run(scenario, tmp_path)


def test_addresses_that_are_not_global_are_refused_however_they_are_reached(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        reached = []

        async def note(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            reached.append(writer.get_extra_info("sockname"))

        inside = {"localhost": ["127.0.0.1"], "a.example.org": ["::1"], "b.example.org": [HOME],
                  "c.example.org": ["::"], "d.example.org": [SITE, "127.0.0.1"],
                  "e.example.org": ["::ffff:127.0.0.1"]}  # fmt: skip
        w.names |= inside
        async with served(note, "0.0.0.0", 443), served(note, "::1", 443), w.proxy("*"):  # noqa: S104
            for host in (*inside, "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]", HOME):  # noqa: S104
                assert (await w.refusal(f"{host}:443")).startswith("HTTP/1.1 403 "), host
            for host in ("127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1%lo]", "127。0。0。1"):
                assert (await w.refusal(f"{host}:443")).startswith("HTTP/1.1 400 "), host
        assert reached == []

    world.run(scenario, tmp_path)


def test_a_name_is_resolved_once_and_the_checked_address_connected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second answer would be loopback: nobody may ask for it."""

    async def scenario(w: World) -> None:
        w.names["rebinding.example.org"] = [SITE, "127.0.0.1", "127.0.0.1"]
        others: list[object] = []
        system = socket.getaddrinfo

        def counted(*arguments: Any, **options: Any) -> Any:
            others.append(arguments[0])
            return system(*arguments, **options)

        monkeypatch.setattr(socket, "getaddrinfo", counted)

        async def say_where(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(writer.get_extra_info("sockname")[0].encode())

        async with served(say_where, SITE, 443), served(say_where, "127.0.0.1", 443), w.proxy("*"):
            others.clear()
            reader, writer = await w.tunnel("rebinding.example.org:443")
            assert await reader.read() == SITE.encode()
            writer.close()
            assert w.lookups == ["rebinding.example.org"]
            assert others == [SITE], "only the name server of this test may turn a name into an address"
            assert (await w.refusal("rebinding.example.org:443")).startswith("HTTP/1.1 403 ")
            assert (await w.recorded(2))[0].address == SITE

    world.run(scenario, tmp_path)


def test_the_next_address_is_tried_when_one_does_not_answer(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        w.names["both.example.org"] = [SITE_6, OTHER_SITE, SITE]
        async with served(echo, SITE, 443), w.proxy("*"):
            _, writer = await w.tunnel("both.example.org:443")
            writer.close()
            assert (await w.recorded())[0].address == SITE
        async with served(echo, SITE_6, 443), w.proxy("*"):
            _, writer = await w.tunnel("both.example.org:443")
            writer.close()
            assert (await w.recorded(2))[1].address == SITE_6

    world.run(scenario, tmp_path)


def test_failures_have_their_reason(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        w.names["far.example.org"] = ["8.8.8.8"]
        async with w.proxy("*", lookup_s=0.2):
            assert await w.refusal("site.example.org:443") == (
                "HTTP/1.1 502 site.example.org:443 cannot be reached: Connection refused"
            )
            assert "cannot be reached: Network is unreachable" in await w.refusal("far.example.org:443")
            assert (await w.refusal("no.example.org:443")).startswith("HTTP/1.1 502 no.example.org does not exist")
            assert await w.refusal("slow.example.org:443") == (
                "HTTP/1.1 504 slow.example.org was not resolved within 0.2 s"
            )
            w.slow_lookup.set()
        assert {record.verdict for record in w.records} == {"failed"}

    world.run(scenario, tmp_path)


def test_a_host_that_does_not_answer(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        full = socket.create_server((SITE, 443), backlog=0)
        filling = [socket.socket() for _ in range(4)]
        for one in filling:  # a full queue: the kernel answers no further SYN
            one.setblocking(False)
            one.connect_ex((SITE, 443))
        async with w.proxy("*", connect_s=0.5):
            assert await w.refusal("site.example.org:443") == (
                "HTTP/1.1 504 site.example.org:443 did not answer within 0.5 s"
            )
        for one in (full, *filling):
            one.close()

    world.run(scenario, tmp_path)


def test_dead_name_servers_take_no_more_threads_than_allowed_and_nobody_elses(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async with w.proxy("*", lookups=12, lookup_s=0.3):
            answers = await asyncio.gather(*(w.refusal(f"slow.{n}.example.org:443") for n in range(20)))
            assert all(status.startswith("HTTP/1.1 504 ") for status in answers)
            assert len(w.lookups) == 12
            started = time.monotonic()
            await asyncio.to_thread(int)  # the gateway's own pool
            assert time.monotonic() - started < 1
            w.slow_lookup.set()
            await asyncio.sleep(0.2)
            assert "Connection refused" in await w.refusal("site.example.org:443")

    world.run(scenario, tmp_path)


def test_each_client_has_its_own_list(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        paths = {tmp_path / "llm.sock": policy("site.example.org", client="llm"), tmp_path / "box.sock": policy()}
        async with EgressProxy(paths, w.records.append, lookup=w.lookup):
            for path in paths:
                assert path.stat().st_mode & 0o777 == 0o600
            asked = b"CONNECT site.example.org:443 HTTP/1.1\r\n\r\n"
            assert (await w.ask(asked, tmp_path / "llm.sock"))[0].startswith("HTTP/1.1 502 ")
            assert (await w.ask(asked, tmp_path / "box.sock"))[0].startswith("HTTP/1.1 403 ")
        assert [(record.client, record.verdict) for record in w.records] == [("llm", "failed"), ("sandbox", "refused")]
        assert not any(path.exists() for path in paths)

    world.run(scenario, tmp_path)


def test_tls_must_ask_for_the_name_that_was_allowed(tmp_path: Path) -> None:
    """Both sites stand on the same address, as those of a CDN do."""

    async def scenario(w: World) -> None:
        greeted = []

        async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            greeted.append(1)
            writer.write(b"hello")

        async with served(greet, SITE, 443, w.tls("site.example.org")), w.proxy("site.example.org", head_s=0.5):
            reader, writer = await w.tunnel("site.example.org:443")
            await writer.start_tls(w.trust(), server_hostname="site.example.org")
            assert await reader.read() == b"hello"
            writer.close()
            for first in (client_hello("evil.example.net"), client_hello(None), b"GET / HTTP/1.1\r\n\r\n", b""):
                reader, writer = await w.tunnel("site.example.org:443", first)
                assert await reader.read() == hello.ALERT
                writer.close()
            records = await w.recorded(5)
        assert len(greeted) == 1
        assert [record.verdict for record in records] == ["allowed"] + ["refused"] * 4
        assert "not TLS for 'evil.example.net'" in records[1].reason
        assert all(record.bytes_up == 0 for record in records[1:])

    world.run(scenario, tmp_path)


def test_a_client_hello_in_single_bytes(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async with served(echo, SITE, 443), w.proxy("site.example.org"):
            first = client_hello("site.example.org")
            reader, writer = await w.tunnel("site.example.org:443", first[:3])
            for byte in first[3:]:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0)
            assert await reader.readexactly(len(first)) == first
            writer.close()

    world.run(scenario, tmp_path)


def test_tls_with_the_wrong_name_reads_as_such_in_the_client(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async with served(echo, SITE, 443), w.proxy("site.example.org"):
            _, writer = await w.tunnel("site.example.org:443")
            with pytest.raises(ssl.SSLError, match=r"UNRECOGNIZED_NAME|unrecognized name"):
                await writer.start_tls(w.trust(), server_hostname="other.example.net")
            writer.close()

    world.run(scenario, tmp_path)


def test_the_end_of_the_gateway_ends_and_records_every_connection(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async with served(echo, HOME, PORT), w.proxy(f"{HOME}:{PORT}"):
            reader, writer = await w.tunnel(f"{HOME}:{PORT}")
            _, waiting = await w.connect()
            await asyncio.sleep(0.05)
        assert await reader.read() == b""
        assert sorted((record.verdict, record.reason) for record in w.records) == [
            ("allowed", "the gateway stopped"),
            ("failed", "the gateway stopped"),
        ]
        writer.close()
        waiting.close()

    world.run(scenario, tmp_path)


def test_it_takes_over_the_socket_of_a_gateway_that_was_killed(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        stale = socket.socket(socket.AF_UNIX)
        stale.bind(str(w.path))
        stale.close()
        async with w.proxy():
            assert (await w.refusal("example.org:443")).startswith("HTTP/1.1 403 ")

    world.run(scenario, tmp_path)


def test_where_it_cannot_listen_it_says_so() -> None:
    async def scenario() -> None:
        proxy = EgressProxy({Path("/nonexistent/proxy.sock"): policy()}, lambda _: None)
        with pytest.raises(EgressError, match=r"cannot listen on /nonexistent/proxy.sock: .+ Is a volume mounted"):
            await proxy.start()

    asyncio.run(scenario())
