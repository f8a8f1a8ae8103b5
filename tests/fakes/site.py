"""A plain web site, for commands that are let out: a page, a redirect, a file of any size, a git repository, an index.

The repository is served the old way, as files, and made here object by object, so that no git is needed.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
import zlib

from aiohttp import web

from tests.fakes.web import new_application

PACKAGE, VERSION = "picoclaw-sample", "1.0"
README = "A repository of the lab.\n"

_WHEEL = f"{PACKAGE.replace('-', '_')}-{VERSION}-py3-none-any.whl"
_LARGEST = 1 << 30
_CHUNK = bytes(1 << 16)


def site(host: str) -> web.Application:
    """The site of that host name."""
    application = new_application()

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text=f"this is {host}\n")

    async def repository(request: web.Request) -> web.Response:
        content = _repository().get(request.match_info["path"])
        if content is None:
            raise web.HTTPNotFound
        return web.Response(body=content, content_type="application/octet-stream")

    application.router.add_get("/", page)
    application.router.add_get("/redirect/{to}", _redirect)
    application.router.add_get("/bytes/{count:[0-9]+}", _bytes)
    application.router.add_get("/repo.git/{path:.+}", repository)
    application.router.add_get(f"/simple/{PACKAGE}/", _index)
    application.router.add_get(f"/files/{_WHEEL}", _file)
    return application


async def _redirect(request: web.Request) -> web.Response:
    raise web.HTTPFound(f"https://{request.match_info['to']}/")


async def _bytes(request: web.Request) -> web.StreamResponse:
    left = min(int(request.match_info["count"]), _LARGEST)
    response = web.StreamResponse(headers={"Content-Length": str(left)})
    await response.prepare(request)
    while left > 0:
        await response.write(_CHUNK[:left])
        left -= len(_CHUNK)
    return response


async def _index(_request: web.Request) -> web.Response:
    digest = hashlib.sha256(_wheel()).hexdigest()
    return web.Response(
        text=f'<!DOCTYPE html><a href="/files/{_WHEEL}#sha256={digest}">{_WHEEL}</a>', content_type="text/html"
    )


async def _file(_request: web.Request) -> web.Response:
    return web.Response(body=_wheel(), content_type="application/octet-stream")


def _wheel() -> bytes:
    module, info = PACKAGE.replace("-", "_"), f"{PACKAGE.replace('-', '_')}-{VERSION}.dist-info"
    files = {
        f"{module}.py": 'WORD = "installed"\n',
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: {VERSION}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: lab\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [_recorded(name, text.encode()) for name, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return buffer.getvalue()


def _recorded(name: str, content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    return f"{name},sha256={digest},{len(content)}"


def _repository() -> dict[str, bytes]:
    """A bare repository with one commit, by path."""
    files: dict[str, bytes] = {}

    def store(kind: str, content: bytes) -> str:
        whole = f"{kind} {len(content)}\0".encode() + content
        name = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
        files[f"objects/{name[:2]}/{name[2:]}"] = zlib.compress(whole)
        return name

    blob = store("blob", README.encode())
    tree = store("tree", b"100644 README\0" + bytes.fromhex(blob))
    who = "The lab <lab@example.org> 1700000000 +0000"
    commit = store("commit", f"tree {tree}\nauthor {who}\ncommitter {who}\n\nBegin\n".encode())
    files["HEAD"] = b"ref: refs/heads/main\n"
    files["info/refs"] = f"{commit}\trefs/heads/main\n".encode()
    files["objects/info/packs"] = b"\n"
    return files
