"""The lab's certificates, judged by OpenSSL itself over a loopback connection, as strictly as it can."""

import ssl
from pathlib import Path

import pytest

from tests.lab.authority import Authority, write_private


@pytest.fixture(name="authority")
def make_authority() -> Authority:
    return Authority.create("lab-test")


def shake_hands(folder: Path, authority: Authority, host: str, *, expected: str) -> None:
    authority.save(folder / "ca.pem")
    certificate, key = authority.issue(host)
    (folder / "host.pem").write_bytes(certificate)
    write_private(folder / "host.key", key)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(folder / "host.pem", folder / "host.key")
    client = ssl.create_default_context(cafile=folder / "ca.pem")
    client.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT
    converse(client, server, expected)


def converse(client: ssl.SSLContext, server: ssl.SSLContext, host: str) -> None:
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=host),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    while ends:
        for end in list(ends):
            try:
                end.do_handshake()
                ends.remove(end)
            except ssl.SSLWantReadError:
                continue


def test_a_strict_client_accepts_the_host_it_asked_for(authority: Authority, tmp_path: Path) -> None:
    shake_hands(tmp_path, authority, "api.telegram.org", expected="api.telegram.org")


def test_no_client_takes_one_host_for_another(authority: Authority, tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(tmp_path, authority, "api.telegram.org", expected="api.openai.com")


def test_the_key_is_readable_to_its_owner_alone(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "ca.key").write_text("an older one, open to all")
    (tmp_path / "ca.key").chmod(0o644)

    authority.save(tmp_path / "ca.pem")

    assert (tmp_path / "ca.key").stat().st_mode & 0o777 == 0o600
    assert b"PRIVATE KEY" in (tmp_path / "ca.key").read_bytes()
    assert b"PRIVATE KEY" not in (tmp_path / "ca.pem").read_bytes()
