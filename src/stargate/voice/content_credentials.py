"""C2PA content credentials inside WAV files: what other programs understand of our manifest.

The certificate is made here, so readers call its signer untrusted until a certificate of a known
authority is put in its place (`content.pem`, `content.key`). Needs the package c2pa-python.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

from stargate.voice.manifest import SOURCE_TYPE

VALID_FOR = timedelta(days=365)
UNTRUSTED = "signingCredential.untrusted"
FORMAT = "audio/wav"


def available() -> bool:
    """Whether the packages are there."""
    return find_spec("c2pa") is not None and find_spec("cryptography") is not None


def embed(wav: bytes, claim: Mapping[str, object], keys: Path) -> bytes:
    """The WAV file with a credential that says how it was made."""
    import c2pa

    manifest = {
        "claim_generator_info": [{"name": "stargate-voice"}],
        "format": FORMAT,
        "assertions": [
            {
                "label": "c2pa.actions.v2",
                "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": SOURCE_TYPE}]},
            },
            {"label": "org.stargate.voice", "data": dict(claim)},
        ],
    }
    chain, key = _certificate(keys)
    info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=chain, private_key=key, ta_url=None)
    out = io.BytesIO()
    with c2pa.Signer.from_info(info) as signer, c2pa.Builder(json.dumps(manifest)) as builder:
        builder.sign(signer, FORMAT, io.BytesIO(wav), out)
    return out.getvalue()


def judge(data: bytes) -> str | None:
    """`valid` or what is wrong with the credential of a WAV file; None where there is none."""
    import c2pa

    try:
        with c2pa.Reader(FORMAT, io.BytesIO(data)) as reader:
            report = json.loads(reader.json())
    except c2pa.C2paError:
        return None
    codes = {str(fault.get("code")) for fault in report.get("validation_status", [])}
    return ", ".join(sorted(codes - {UNTRUSTED})) or "valid"


def _certificate(keys: Path) -> tuple[bytes, bytes]:
    """(certificate chain, private key) in PEM, made on first use."""
    chain, key = keys / "content.pem", keys / "content.key"
    if not chain.exists():
        made_chain, made_key = _made()
        key.touch(mode=0o600)
        key.write_bytes(made_key)
        chain.write_bytes(made_chain)
    return chain.read_bytes(), key.read_bytes()


def _made() -> tuple[bytes, bytes]:
    """An authority of our own and a signing certificate of it, as the C2PA profile asks."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def name(common: str) -> x509.Name:
        parts = ((NameOID.ORGANIZATION_NAME, "Stargate"), (NameOID.COMMON_NAME, common))
        return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts])

    def usage(**allowed: bool) -> x509.KeyUsage:
        kinds = ("digital_signature", "content_commitment", "key_encipherment", "crl_sign")
        more = ("data_encipherment", "key_agreement", "key_cert_sign", "encipher_only")
        every = dict.fromkeys((*kinds, *more, "decipher_only"), False)
        return x509.KeyUsage(**{**every, **allowed})

    authority, signer = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer, now = name("Stargate voice authority"), datetime.now(UTC)
    identifier = x509.SubjectKeyIdentifier.from_public_key(authority.public_key())

    def begun(subject: x509.Name, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder(issuer, subject, public_key, x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + VALID_FOR)
        )

    root = (
        begun(issuer, authority.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(authority, hashes.SHA256())
    )
    leaf = (
        begun(name("Stargate voice engine"), signer.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage(digital_signature=True), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        )
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(signer.public_key()), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier),
            critical=False,
        )
        .sign(authority, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    key = signer.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return leaf.public_bytes(pem) + root.public_bytes(pem), key
