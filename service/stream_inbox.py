"""What of a stream was read and not yet answered: bounded, in order, and it has an end."""

import asyncio
from collections import deque
from dataclasses import dataclass

from service.errors import ServiceError
from service.tasks.transduce_stream import Frame, joinable


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a stream ends: the close code, and the error that the client is told, if any."""

    code: int
    error: ServiceError | None = None


class StreamInbox:
    """Frames between the reader of a socket and the model; one of each works at a time.

    The reader waits in ``room`` while ``max_samples`` or more are unanswered, so that nothing is
    read from the network that the model does not keep up with.
    """

    def __init__(self, max_samples: int) -> None:
        self._max_samples = max_samples
        self._frames: deque[Frame] = deque()
        self._waiting = 0
        self._n_unanswered = 0
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self.ending: Ending | None = None

    @property
    def unanswered(self) -> bool:
        """Whether the client waits for us."""
        return self._n_unanswered > 0

    def put(self, frame: Frame) -> None:
        """Add a frame."""
        self._frames.append(frame)
        self._waiting += len(frame.samples)
        self._n_unanswered += 1
        self._arrived.set()

    def end(self, ending: Ending) -> None:
        """Nothing comes any more; what is there is answered first. The first reason counts."""
        self.ending = self.ending or ending
        self._arrived.set()
        self._room.set()

    async def room(self) -> None:
        """Wait until more may be read."""
        while self._waiting >= self._max_samples and self.ending is None:
            self._room.clear()
            await self._room.wait()

    async def take(self) -> list[Frame]:
        """What may be computed in one go, as much as there is; empty at the end."""
        while not self._frames:
            if self.ending is not None:
                return []
            self._arrived.clear()
            await self._arrived.wait()
        frames = [self._frames.popleft()]
        while self._frames and joinable(frames[-1]) and self._frames[0].state is None:
            frames.append(self._frames.popleft())
        return frames

    def answered(self, frames: list[Frame]) -> None:
        """Those frames were answered: there is room for others."""
        self._waiting -= sum(len(frame.samples) for frame in frames)
        self._n_unanswered -= len(frames)
        self._room.set()
