"""State tokens: the state of a signal as opaque text that a client keeps and sends back.

A token names the model it came from, holds the state as plain float32 numbers, and ends in a
signature, so that nobody can change it or make one up; nothing in it is ever unpickled.

    1 byte   format
    1 byte   length n of the name, n bytes of it; the same for the version
    8 bytes  start of the SHA-256 of model.pt
    4 * S    the state, little-endian
    16 bytes start of the HMAC-SHA256 over all before

Source: RFC 2104 (HMAC), RFC 4648 section 5 (base64url).
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FORMAT = 1
DIGEST_BYTES = 8
SIGNATURE_BYTES = 16
STATE_DTYPE = np.dtype("<f4")

State = npt.NDArray[np.float32]


class BadToken(Exception):
    """A token cannot be used here; the message says why, for the client."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The model that a state belongs to; ``digest`` is the SHA-256 of its ``model.pt``."""

    name: str
    version: str
    digest: str

    def packed(self) -> bytes:
        """As the head of a token."""
        names = [text.encode() for text in (self.name, self.version)]
        head = b"".join(bytes([len(name)]) + name for name in names)
        return bytes([FORMAT]) + head + bytes.fromhex(self.digest)[:DIGEST_BYTES]

    def __str__(self) -> str:
        return f"version {self.version} of {self.name!r}"


class StateTokens:
    """Seals the states of one model, and opens what it or another worker sealed.

    All processes that share ``secret`` open each other's tokens.
    """

    def __init__(self, origin: Origin, state_size: int, secret: bytes) -> None:
        self._origin = origin
        self._head = origin.packed()
        self._state_bytes = state_size * STATE_DTYPE.itemsize
        self._secret = secret

    def seal(self, state: State) -> str:
        """The token of a state.

        Shape:
            state: (S,).
        """
        body = self._head + state.astype(STATE_DTYPE).tobytes()
        sealed = body + self._signature(body)
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")

    def open(self, token: str) -> State:
        """The state in a token.

        Raises:
            BadToken: it is none, it was changed, or it belongs to another model or version.
        """
        sealed = _decoded(token)
        body, signature = sealed[:-SIGNATURE_BYTES], sealed[-SIGNATURE_BYTES:]
        origin = _read_origin(body)
        if not hmac.compare_digest(signature, self._signature(body)):
            raise BadToken(
                "This state token was altered, or it comes from a service with another "
                "state_secret; send it exactly as it was answered, or null to start afresh"
            )
        if not body.startswith(self._head) or len(body) != len(self._head) + self._state_bytes:
            raise BadToken(
                f"This state token is of {origin}; {self._origin} answers here. A state cannot "
                "move to another model: name that one, or send null to start afresh"
            )
        return np.frombuffer(body, STATE_DTYPE, offset=len(self._head)).astype(np.float32)

    def _signature(self, body: bytes) -> bytes:
        return hmac.digest(self._secret, body, hashlib.sha256)[:SIGNATURE_BYTES]


def _decoded(token: str) -> bytes:
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _no_token() from None
    # The last character has bits to spare; only one spelling of them is the token.
    if base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii") != token:
        raise _no_token()
    return sealed


def _read_origin(body: bytes) -> str:
    """Which model a token says that it is of; not to be believed before the signature is."""
    try:
        if body[0] != FORMAT:
            raise _no_token()
        name_end = 2 + body[1]
        version_end = name_end + 1 + body[name_end]
        if len(body) < version_end + DIGEST_BYTES:
            raise _no_token()
        name, version = body[2:name_end].decode(), body[name_end + 1 : version_end].decode()
    except (IndexError, UnicodeDecodeError):
        raise _no_token() from None
    return f"version {version} of {name!r}"


def _no_token() -> BadToken:
    return BadToken(
        "This is no state token; send one from the `states` of an earlier answer, "
        "or null to start afresh"
    )
