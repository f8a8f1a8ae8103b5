"""An answer that would grow a thousandfold on being unpacked is not unpacked."""

from __future__ import annotations

import asyncio
import zlib

import pytest

from agent import config
from agent.llm.client import ChatClient
from agent.llm.errors import LLMUnavailableError

_BOMB = b"data: " + b"0" * 50_000_000


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_it_is_refused_unread(status: int, encoding: str) -> None:
    window = 31 if encoding == "gzip" else 15
    packer = zlib.compressobj(9, zlib.DEFLATED, window)
    packed = packer.compress(_BOMB) + packer.flush()
    heads: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        head = f"HTTP/1.1 {status} x\r\nContent-Type: text/event-stream\r\nContent-Encoding: {encoding}\r\n"
        writer.write(f"{head}Content-Length: {len(packed)}\r\nConnection: close\r\n\r\n".encode() + packed)
        await writer.drain()
        writer.close()

    async def asking() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            model = config.Model(provider="x", api_key="k", model="m", api_base=f"http://127.0.0.1:{port}/v1")
            client = ChatClient(model)
            try:
                await client.complete([{"role": "user", "content": "hello"}])
            finally:
                await client.aclose()

    with pytest.raises(LLMUnavailableError, match="packed an answer") as caught:
        asyncio.run(asking())
    assert caught.value.reply == "llm_garbage"
    assert b"accept-encoding: identity" in heads[0].lower()
