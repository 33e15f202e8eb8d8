"""Keys, and what is done with them: sealing what is kept, signing what leaves.

Keys lie in one directory that only its owner can read. Ed25519 signs manifests; Fernet (AES-128
in CBC mode with HMAC-SHA-256) seals profiles and embeddings; a third key chains the
audit, a fourth makes the patterns that tell clips apart.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from stargate.voice.refusals import MissingError


class Vault(Protocol):
    """What the gate asks of a keeper of keys."""

    @property
    def audit_key(self) -> bytes:
        """The key of the audit's chain."""
        ...

    @property
    def payload_key(self) -> bytes:
        """The key of the patterns that tell clips apart."""
        ...

    @property
    def public_key(self) -> str:
        """The key that others check signatures with, in hexadecimal."""
        ...

    def seal(self, data: bytes) -> bytes:
        """Encrypt and authenticate."""
        ...

    def unseal(self, data: bytes) -> bytes:
        """The data that was sealed."""
        ...

    def sign(self, message: bytes) -> str:
        """A signature in hexadecimal."""
        ...

    def verify(self, public_key: str, message: bytes, signature: str) -> bool:
        """Whether the signature is that key's over that message."""
        ...


class FileVault:
    """Keys in files, made on first use."""

    def __init__(self, directory: Path) -> None:
        try:
            from cryptography.fernet import Fernet
            from cryptography.hazmat.primitives.asymmetric import ed25519
        except ImportError as error:
            raise MissingError(
                "keys need the package cryptography: pip install 'stargate-twin[voice]'"
            ) from error
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._ed25519 = ed25519
        self._fernet = Fernet(_kept(directory / "seal.key", Fernet.generate_key))
        seed = _kept(directory / "sign.key", lambda: secrets.token_bytes(32))
        self._private = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
        self.audit_key = _kept(directory / "audit.key", lambda: secrets.token_bytes(32))
        self.payload_key = _kept(directory / "payload.key", lambda: secrets.token_bytes(32))

    @property
    def public_key(self) -> str:
        """The key that others check signatures with, in hexadecimal."""
        return self._private.public_key().public_bytes_raw().hex()

    def seal(self, data: bytes) -> bytes:
        """Encrypt and authenticate."""
        return self._fernet.encrypt(data)

    def unseal(self, data: bytes) -> bytes:
        """The data that was sealed."""
        return self._fernet.decrypt(data)

    def sign(self, message: bytes) -> str:
        """A signature in hexadecimal."""
        return self._private.sign(message).hex()

    def verify(self, public_key: str, message: bytes, signature: str) -> bool:
        """Whether the signature is that key's over that message."""
        from cryptography.exceptions import InvalidSignature

        try:
            key = self._ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
            key.verify(bytes.fromhex(signature), message)
        except (InvalidSignature, ValueError):
            return False
        return True


def _kept(file: Path, make: Callable[[], bytes]) -> bytes:
    """The key in a file, which only its owner may read; made if it is not there."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_bytes(make())
    return file.read_bytes()
