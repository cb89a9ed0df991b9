"""What the WebSockets of a process count."""

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass(slots=True)
class StreamStats:
    """Open streams now; since the start those that ended by close code, messages and samples."""

    open: int = 0
    messages: int = 0
    samples: int = 0
    ended: dict[int, int] = field(default_factory=lambda: defaultdict(int))
