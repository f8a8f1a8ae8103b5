"""The line that asks for a tunnel, read strictly."""

from __future__ import annotations

import pytest

from agent.egress import request
from agent.egress.errors import RefusedError, answer


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("example.org:443", "example.org", 443),
        ("EXAMPLE.Org.:443", "example.org", 443),
        ("żółw.pl:443", "xn--w-uga1v8h.pl", 443),
        ("ŻÓŁW.pl:443", "xn--w-uga1v8h.pl", 443),
        ("xn--w-uga1v8h.pl:443", "xn--w-uga1v8h.pl", 443),
        ("under_score.example.org:443", "under_score.example.org", 443),
        ("localhost:1", "localhost", 1),
        ("1.2.3.4:65535", "1.2.3.4", 65535),
        ("[2606:4700::1]:443", "2606:4700::1", 443),
        ("[2606:4700:0:0::1]:443", "2606:4700::1", 443),
        ("[::FFFF:1.2.3.4]:443", "1.2.3.4", 443),
        ("1.example.org:0443", "1.example.org", 443),
    ],
)
def test_targets(text: str, host: str, port: int) -> None:
    found = request.target(f"CONNECT {text} HTTP/1.1\r".encode())
    assert (found.host, found.port) == (host, port)


@pytest.mark.parametrize(
    "text",
    ["example.org", "example.org:", "example.org:0", "example.org:65536", "example.org:99999999999", "example.org:4 43",
     "example.org:+443", "example.org:-1", "example.org:0x1bb", "example.org:443:443", ":443", ".:443", "a..b:443",
     "user@example.org:443", "user:pass@example.org:443", "https://example.org:443", "example.org:443/path",
     "example.org/:443", "example.org?:443", "example.org#:443", "exam ple.org:443", "exam\tple.org:443",
     "exam\0ple.org:443", "exam\x7fple.org:443", "exa\u00a0mple.org:443", "example.org\u200b:443", "*:443", "*.org:443",
     "[example.org]:443", "[1.2.3.4]:443", "[::1", "::1:443", "[::1]443", "[::1%lo]:443", "[::1%25lo]:443", "[]:443",
     "127.1:443", "2130706433:443", "0x7f.0.0.1:443", "0x7f000001:443", "0177.0.0.1:443", "127.0.0.0x1:443",
     "1.2.3.256:443", "１２７.0.0.1:443", "127。0。0。1:443", "-a.example.org:443", "a" * 64 + ".org:443",
     "a." * 127 + "org:443", "a\\b:443", "%6cocalhost:443", "ex%00ample.org:443"],
)  # fmt: skip
def test_what_is_no_target(text: str) -> None:
    with pytest.raises(RefusedError) as refused:
        request.target(f"CONNECT {text} HTTP/1.1\r".encode())
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"GET http://example.org/ HTTP/1.1\r", 405),
        (b"GET /\r", 405),
        (b"POST https://example.org/ HTTP/1.1\r", 405),
        (b"PRI * HTTP/2.0\r", 400),
        (b"CONNECT example.org:443 HTTP/2.0\r", 400),
        (b"CONNECT example.org:443\r", 400),
        (b"CONNECT example.org:443 HTTP/1.1", 400),
        (b"CONNECT  example.org:443 HTTP/1.1\r", 400),
        (b"CONNECT example.org:443  HTTP/1.1\r", 400),
        (b" CONNECT example.org:443 HTTP/1.1\r", 400),
        (b"connect example.org:443 HTTP/1.1\r", 400),
        (b"CONNECT example.org:443 HTTP/1.1 \r", 400),
        (b"CONNECT \xff\xfe:443 HTTP/1.1\r", 400),
        (b"CONNECT \r:443 HTTP/1.1\r", 400),
        (b"\r", 400),
        (b"", 400),
        (b"\x16\x03\x01\x02\x00\x01", 400),
    ],
)
def test_other_lines(line: bytes, status: int) -> None:
    with pytest.raises(RefusedError) as refused:
        request.target(line)
    assert refused.value.status == status


def test_an_answer_is_one_sentence_in_status_line_and_body() -> None:
    head, _, body = answer(RefusedError(405, "no\r\nX-Evil: ż")).partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[:2] == [b"HTTP/1.1 405 no X-Evil: ?", b"Allow: CONNECT"]
    assert body == b"no X-Evil: ?\n"
    assert f"Content-Length: {len(body)}".encode() in head
