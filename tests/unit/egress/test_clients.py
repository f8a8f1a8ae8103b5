"""Real clients, through forwarder and proxy, over TLS: curl, git, pip, urllib, httpx, aiohttp."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import threading
import urllib.request
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import aiohttp
import httpx
import pytest

from agent.egress.proxy import EgressProxy
from tests.unit.egress import world
from tests.unit.egress.world import SITE, World

PROXY = "http://127.0.0.1:3128"
HOST = "site.example.org"


def _git_backend() -> str:
    place = subprocess.run(["git", "--exec-path"], check=True, capture_output=True, text=True).stdout.strip()
    return f"{place}/git-http-backend"


class _Site(BaseHTTPRequestHandler):
    """Files below `root`, and below /git repositories by git's own server side."""

    root: Path
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path.startswith("/git/"):
            self._git(path, query)
            return
        file = self.root / path.strip("/")
        file = file / "index.html" if file.is_dir() else file
        self._answer(200 if file.is_file() else 404, "text/html", file.read_bytes() if file.is_file() else b"")

    def do_POST(self) -> None:
        path, _, query = self.path.partition("?")
        self._git(path, query)

    def _git(self, path: str, query: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        environment = {
            **os.environ, "GIT_PROJECT_ROOT": str(self.root / "git"), "GIT_HTTP_EXPORT_ALL": "1", "QUERY_STRING": query,
            "PATH_INFO": path.removeprefix("/git"), "REQUEST_METHOD": self.command, "REMOTE_USER": "tester",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""), "SERVER_PROTOCOL": "HTTP/1.1",
        }  # fmt: skip
        done = subprocess.run([_git_backend()], input=body, env=environment, check=True, capture_output=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self._answer(int(fields.get("Status", "200").split()[0]), fields["Content-Type"], content)

    def _answer(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


@contextlib.contextmanager
def site(w: World) -> Iterator[Path]:
    """HTTPS on the site's address, port 443; its folder."""
    root = w.directory / "site"
    root.mkdir()
    handler = type("Handler", (_Site,), {"root": root})
    with ThreadingHTTPServer((SITE, 443), handler) as server:
        server.daemon_threads = True
        server.socket = w.tls(HOST).wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield root
        server.shutdown()
        thread.join()


@contextlib.asynccontextmanager
async def way_out(w: World, *entries: str):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """Forwarder, proxy and site."""
    with site(w) as root:
        async with w.proxy(*entries, connections_per_s=1000.0) as proxy, w.forwarder():
            yield root, proxy


async def command(w: World, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command with nothing in its environment but what a container would have, and a home."""
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(w.directory), "HTTPS_PROXY": PROXY, "https_proxy": PROXY,
        "SSL_CERT_FILE": str(w.ca), "CURL_CA_BUNDLE": str(w.ca), "GIT_SSL_CAINFO": str(w.ca), "PIP_CERT": str(w.ca),
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_CONFIG_FILE": "/dev/null", "PIP_NO_CACHE_DIR": "1",
    }  # fmt: skip
    return await asyncio.to_thread(
        subprocess.run, words, env=environment, cwd=w.directory, capture_output=True, text=True, timeout=60, check=False
    )


async def books(w: World, proxy: EgressProxy) -> None:
    """Once nothing is open any more: what was allowed went to the site, and was counted."""
    for _ in range(100):
        if proxy.connections == 0:
            break
        await asyncio.sleep(0.05)
    allowed = [record for record in w.records if record.verdict == "allowed"]
    assert allowed
    assert {(record.host, record.port, record.address) for record in allowed} == {(HOST, 443, SITE)}
    assert all(record.bytes_up > 200 and record.bytes_down > 200 for record in allowed)


def test_curl(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async with way_out(w, HOST) as (root, proxy):
            (root / "big").write_bytes(os.urandom(1024) * 20_000)
            done = await command(w, "curl", "-sS", "-o", "got", f"https://{HOST}/big")
            assert done.returncode == 0, done.stderr
            assert (w.directory / "got").read_bytes() == (root / "big").read_bytes()
            refused = await command(w, "curl", "-sSv", "https://other.example.net/")
            assert refused.returncode != 0
            assert "403 other.example.net:443 is not allowed: add other.example.net to sandbox.allow_hosts" in (
                refused.stderr
            )
            plain = await command(w, "curl", "-sS", "--proxy", PROXY, f"http://{HOST}/big")
            assert "Only CONNECT is served here: use an https address" in plain.stdout
            await books(w, proxy)

    world.run(scenario, tmp_path)


def test_git(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async with way_out(w, HOST) as (root, proxy):
            repository = root / "git" / "demo.git"
            identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main")
            assert (await command(w, "git", *identity, "init", "-q", "work")).returncode == 0
            assert (await command(w, "git", "init", "-q", "--bare", str(repository))).returncode == 0

            async def git(folder: str, *words: str) -> None:
                done = await command(w, "git", "-C", folder, *words)
                assert done.returncode == 0, done.stderr

            (w.directory / "work" / "data").write_bytes(os.urandom(300_000))
            await git("work", "add", "data")
            await git("work", *identity, "commit", "-qm", "one")
            await git("work", "push", "-q", str(repository), "main")
            await git(str(repository), "config", "http.receivepack", "true")
            await git(".", "clone", "-q", "-b", "main", f"https://{HOST}/git/demo.git", "clone")
            assert (w.directory / "clone" / "data").read_bytes() == (w.directory / "work" / "data").read_bytes()
            (w.directory / "clone" / "more").write_bytes(os.urandom(300_000))
            await git("clone", "add", "more")
            await git("clone", *identity, "commit", "-qm", "two")
            await git("clone", "push", "-q", "origin", "main")
            refused = await command(w, "git", "clone", "https://other.example.net/x.git")
            assert "403" in refused.stderr
            await books(w, proxy)

    world.run(scenario, tmp_path)


def _wheel(folder: Path) -> None:
    """A simple index with one package."""
    name = "picodemo-1.0-py3-none-any.whl"
    (folder / "simple" / "picodemo").mkdir(parents=True)
    (folder / "simple" / "picodemo" / "index.html").write_text(f'<a href="/files/{name}">{name}</a>')
    (folder / "files").mkdir()
    with zipfile.ZipFile(folder / "files" / name, "w") as wheel:
        wheel.writestr("picodemo.py", "ANSWER = 42\n")
        wheel.writestr("picodemo-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: picodemo\nVersion: 1.0\n")
        tag = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        wheel.writestr("picodemo-1.0.dist-info/WHEEL", tag)
        wheel.writestr("picodemo-1.0.dist-info/RECORD", "")


def test_pip(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async with way_out(w, HOST) as (root, proxy):
            _wheel(root)
            pip = (sys.executable, "-m", "pip", "install", "-q", "--retries", "0", "--target", "lib", "picodemo")
            done = await command(w, *pip, "--index-url", f"https://{HOST}/simple")
            assert done.returncode == 0, done.stderr
            assert (w.directory / "lib" / "picodemo.py").exists()
            again = (sys.executable, "-m", "pip", "install", "--retries", "1", "--target", "lib2", "picodemo")
            refused = await command(w, *again, "--index-url", "https://other.example.net/simple")
            assert refused.returncode != 0
            assert "403 other.example.net:443 is not allowed: add other.example.net to sandbox.allow_hosts" in (
                refused.stderr + refused.stdout
            )
            await books(w, proxy)

    world.run(scenario, tmp_path)


def test_urllib(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async with way_out(w, "*.example.org") as (root, proxy):
            (root / "page").write_text("hello")
            handlers = urllib.request.ProxyHandler({"https": PROXY}), urllib.request.HTTPSHandler(context=w.trust())
            opener = urllib.request.build_opener(*handlers)

            def get(url: str) -> bytes:
                with opener.open(url, timeout=10) as answer:
                    return bytes(answer.read())

            assert await asyncio.to_thread(get, f"https://{HOST}/page") == b"hello"
            with pytest.raises(OSError, match=r"Tunnel connection failed: 403 .+ add other.example.net to sandbox"):
                await asyncio.to_thread(get, "https://other.example.net/page")
            await books(w, proxy)

    world.run(scenario, tmp_path)


def test_httpx(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async with way_out(w, "*") as (root, proxy):
            (root / "page").write_text("hello " * 100_000)
            async with httpx.AsyncClient(proxy=PROXY, verify=w.trust()) as client:
                answers = await asyncio.gather(*(client.get(f"https://{HOST}/page") for _ in range(10)))
                assert {answer.text for answer in answers} == {"hello " * 100_000}
                with pytest.raises(httpx.ProxyError, match=r"502 other.example.net:443 cannot be reached"):
                    await client.get("https://other.example.net/")
            await books(w, proxy)

    world.run(scenario, tmp_path)


def test_aiohttp(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async with way_out(w, HOST) as (root, proxy):
            (root / "page").write_text("hello")
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=w.trust())) as client:
                async with client.get(f"https://{HOST}/page", proxy=PROXY) as answer:
                    assert await answer.text() == "hello"
                with pytest.raises(aiohttp.ClientHttpProxyError, match=r"add other.example.net to sandbox.allow_hosts"):
                    await client.get("https://other.example.net/", proxy=PROXY)
            await books(w, proxy)

    world.run(scenario, tmp_path)


def test_nothing_but_the_proxy_leads_out(tmp_path: Path) -> None:
    """What the other tests rely on: a client that does not use the forwarder does not find the site by its name."""

    async def scenario(w: World) -> None:
        with site(w):
            done = await command(w, "curl", "-sS", "--noproxy", "*", "--max-time", "5", f"https://{HOST}/")
            assert done.returncode != 0
            assert shutil.which("curl")

    world.run(scenario, tmp_path)
