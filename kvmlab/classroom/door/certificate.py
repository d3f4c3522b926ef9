"""The page's own certificate (RFC 5280): students know the server by its fingerprint, which stays the same."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kvmlab.classroom.folder import Class

DAYS, LEFT_DAYS = 800, 100
"""How long it is good (browsers of Apple take none of more than 825 days), and when another takes its place."""


class Certificate(NamedTuple):
    """`pem`: the key and the certificate; `fingerprint`: SHA-256 of the certificate, as browsers show it."""

    pem: str
    fingerprint: str


def certificate_of(of_class: Class, name: str) -> Certificate:
    """The class's for a server of that name, which may be an address; made on first use, and when it gets old."""
    database = of_class.book.database
    with database.transaction() as change:
        found = change.execute("SELECT value FROM meta WHERE name = 'page_certificate'").fetchone()
        pem = found["value"] if found else ""
        if not pem or not _is_good(pem, name):
            pem = _made(name)
            change.execute("INSERT OR REPLACE INTO meta VALUES ('page_certificate', ?)", [pem])
    digest = _certificate(pem).fingerprint(SHA256()).hex(":").upper()
    return Certificate(pem, digest)


def _certificate(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem[pem.index("-----BEGIN CERTIFICATE") :].encode())


def _is_good(pem: str, name: str) -> bool:
    found = _certificate(pem)
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    until = found.not_valid_after_utc - timedelta(days=LEFT_DAYS)
    return _named(name) in list(names) and datetime.now(UTC) < until


def _named(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _made(name: str) -> str:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kvmlab")])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName([_named(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (private + made.public_bytes(Encoding.PEM)).decode()
