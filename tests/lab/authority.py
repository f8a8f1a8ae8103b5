"""The lab's certificate authority: what makes a stand-in's TLS as good as the real host's, inside the lab only."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CA_LIFE = timedelta(days=365)
_SERVER_LIFE = timedelta(days=90)
_CLOCK_SKEW = timedelta(hours=1)


@dataclass(frozen=True)
class Authority:
    """A certificate authority, and the certificates that it signs."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def create(cls, name: str) -> "Authority":
        """Makes a new authority with a key of its own."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _common_name(f"{name} CA")
        builder = (
            _builder(subject, subject, key.public_key(), _CA_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(ca=True), critical=True)
        )
        return cls(key, builder.sign(key, hashes.SHA256()))

    def issue(self, host: str) -> tuple[bytes, bytes]:
        """Returns the PEM of a server certificate for a host name, and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = (
            _builder(_common_name(host), self.certificate.subject, key.public_key(), _SERVER_LIFE)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(ca=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .add_extension(identifier, critical=False)
        )
        return _pem(builder.sign(self.key, hashes.SHA256())), _private_pem(key)

    def save(self, certificate: Path) -> None:
        """Writes the certificate, and the key beside it with the suffix `.key`, readable to its owner alone."""
        write_private(certificate.with_suffix(".key"), _private_pem(self.key))
        certificate.write_bytes(_pem(self.certificate))


def write_private(path: Path, content: bytes) -> None:
    """Writes a file that nobody else could read even while it is being written."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(content)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, life: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
