"""The document: canonical JSON (sorted keys, no spaces, ASCII) and a signature over it."""

from __future__ import annotations

from base64 import b64decode, b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kvmlab.errors import CannotRun
from kvmlab.json_text import canonical, json_text
from kvmlab.paths import State, write_atomic
from kvmlab.words import t

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SCHEMA = "kvmlab.receipt/1"


def signed(state: State, receipt: dict[str, Any]) -> str:
    """The receipt's file: the receipt, the public half of this state directory's key, and the signature."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = _key(state)
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    signature = key.sign(_signed_text(receipt))
    whole = {"schema": SCHEMA, "receipt": receipt, "key": _text(public), "signature": _text(signature)}
    return json_text(whole)


def is_signed(receipt: object, key: str, signature: str) -> bool:
    """Whether the signature is that of the key's holder, over this very receipt."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        public = Ed25519PublicKey.from_public_bytes(b64decode(key, validate=True))
        public.verify(b64decode(signature, validate=True), _signed_text(receipt))
    except (InvalidSignature, ValueError):
        return False
    return True


def _signed_text(receipt: object) -> bytes:
    """With the schema before it, so that no other document's signature is one of a receipt."""
    return f"{SCHEMA}\n".encode() + canonical(receipt)


def _text(data: bytes) -> str:
    return b64encode(data).decode()


def _key(state: State) -> Ed25519PrivateKey:
    """progress/receipt.key, made on first use."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    path: Path = state.progress / "receipt.key"
    with state.lock("receipt"):
        if not path.exists():
            write_atomic(path, _pem(Ed25519PrivateKey.generate()))
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise CannotRun(t("{path} is not a key for receipts.", path=path), f"mv {path} {path}.broken")
    return key


def _pem(key: Ed25519PrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
