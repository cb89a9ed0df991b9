"""What the worker processes of one service know of each other: shared memory, a slot for each.

It is anonymous memory of the kernel, inherited by the workers: no file, nothing to clean up, and
it outlives a worker that crashes. Every value has one writer at a time, so there are no locks: a
worker writes into its own slot, the supervisor into the slot of a worker that is dead.
"""

import mmap
import os
from dataclasses import dataclass
from enum import IntEnum

PAGE = 4096
# Only pages that are written to take memory: this bounds what a worker can tell, it is not used up.
SLOT_BYTES = 1024 * 1024
TEXT_BYTES = SLOT_BYTES // 2 - PAGE

STATE, CONNECTIONS, TEXT = range(3)
BEAT = 3


class State(IntEnum):
    """What a worker does now."""

    ABSENT = 0
    LOADING = 1
    READY = 2
    STOPPING = 3


class Slot:
    """The part of the board that belongs to one worker, and to its replacement after it."""

    def __init__(self, memory: memoryview) -> None:
        self._memory = memory
        self._integers = memory[:PAGE].cast("q")
        self._floats = memory[:PAGE].cast("d")

    @property
    def state(self) -> State:
        """What the worker does now."""
        return State(self._integers[STATE])

    @state.setter
    def state(self, state: State) -> None:
        self._integers[STATE] = state

    @property
    def connections(self) -> int:
        """Open connections of the worker."""
        return self._integers[CONNECTIONS]

    @connections.setter
    def connections(self, connections: int) -> None:
        self._integers[CONNECTIONS] = connections

    @property
    def beat_s(self) -> float:
        """When the event loop of the worker last turned, on the monotonic clock."""
        return self._floats[BEAT]

    @beat_s.setter
    def beat_s(self, now_s: float) -> None:
        self._floats[BEAT] = now_s

    def publish(self, text: bytes) -> bool:
        """Replace what others read here; whether it fits.

        There are two places, written in turn, and one number that says which of them is valid: a
        worker that dies while it writes leaves what it had published before.
        """
        if len(text) > TEXT_BYTES:
            return False
        place = 1 - self._integers[TEXT] % 2
        start = PAGE + place * TEXT_BYTES
        self._memory[start : start + len(text)] = text
        self._integers[TEXT] = len(text) * 2 + place
        return True

    def read(self) -> bytes:
        """What was published last, by this worker or by one that had the slot before it."""
        while True:
            valid = self._integers[TEXT]
            start = PAGE + valid % 2 * TEXT_BYTES
            text = bytes(self._memory[start : start + valid // 2])
            if self._integers[TEXT] == valid:
                return text


class Board:
    """The slots of all workers, and what the supervisor tells them.

    ``fd`` is handed to worker processes; None if the board is for this process alone.
    """

    def __init__(self, memory: mmap.mmap, fd: int | None = None) -> None:
        self.fd = fd
        view = memoryview(memory)
        self._integers = view[:PAGE].cast("q")
        self.slots = [
            Slot(view[start : start + SLOT_BYTES]) for start in range(PAGE, len(view), SLOT_BYTES)
        ]

    @classmethod
    def alone(cls) -> "Board":
        """A board of one slot, for a process without a supervisor."""
        return cls(mmap.mmap(-1, PAGE + SLOT_BYTES))

    @classmethod
    def shared(cls, n_slots: int) -> "Board":
        """A board that other processes can attach to by its ``fd``."""
        fd = os.memfd_create("seqserve-board")
        os.ftruncate(fd, PAGE + n_slots * SLOT_BYTES)
        return cls.attach(fd)

    @classmethod
    def attach(cls, fd: int) -> "Board":
        """The board that another process made."""
        return cls(mmap.mmap(fd, os.fstat(fd).st_size), fd)

    @property
    def complete(self) -> bool:
        """Whether all workers have been ready once, or will not be soon."""
        return bool(self._integers[0])

    @complete.setter
    def complete(self, complete: bool) -> None:
        self._integers[0] = complete

    @property
    def replaced(self) -> int:
        """Workers that died and got a successor."""
        return self._integers[1]

    @replaced.setter
    def replaced(self, count: int) -> None:
        self._integers[1] = count

    def ready(self) -> int:
        """How many workers are ready."""
        return sum(slot.state is State.READY for slot in self.slots)


@dataclass(frozen=True, slots=True)
class Place:
    """Which of the workers on a board this process is."""

    board: Board
    index: int

    @classmethod
    def alone(cls) -> "Place":
        """The only worker there is."""
        return cls(Board.alone(), 0)

    @property
    def slot(self) -> Slot:
        """What the others know of this worker."""
        return self.board.slots[self.index]
