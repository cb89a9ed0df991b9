"""``X-Timeout-Ms``: until when the answer to a request must be ready."""

import re

from service.asgi import Scope, header
from service.errors import ClientError

LONGEST_MS = 3_600_000
MILLISECONDS = re.compile(rb"[0-9]{1,7}(\.[0-9]{1,6})?")


def deadline_of(scope: Scope, arrived_s: float, default_ms: int) -> float:
    """The time, on the clock of ``arrived_s``, when the answer must be ready.

    Raises:
        ClientError: the header is no number of milliseconds above 0, at most an hour.
    """
    return deadline(header(scope, b"x-timeout-ms"), arrived_s, default_ms)


def deadline(given: bytes | None, arrived_s: float, default_ms: int) -> float:
    """As ``deadline_of``, from the value of the header."""
    if given is None:
        return arrived_s + default_ms / 1000
    timeout_ms = float(given) if MILLISECONDS.fullmatch(given) else 0.0
    if not 0 < timeout_ms <= LONGEST_MS:
        raise ClientError(
            f"X-Timeout-Ms must be a number of milliseconds above 0, at most {LONGEST_MS:,}; "
            f"it is {given[:40].decode('latin-1')!r}."
        )
    return arrived_s + timeout_ms / 1000
