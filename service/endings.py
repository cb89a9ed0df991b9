"""How a process of the service ends: its exit code, and what SIGTERM does."""

import signal
import sys
from types import FrameType

# What uvicorn itself exits with when an application does not start.
STARTUP_FAILURE = 3


def end_quietly_on_sigterm() -> None:
    """Let SIGTERM end this process with success, also before uvicorn handles it and after."""
    signal.signal(signal.SIGTERM, _exit_quietly)


def _exit_quietly(_: int, __: FrameType | None) -> None:
    sys.exit(0)
