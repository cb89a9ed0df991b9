"""When to look at the sockets once more before a pass."""

MOST_TURNS = 3


class Gathering:
    """Lets a batch grow for some turns of the event loop, as long as every turn brings rows.

    While the bodies of some requests are read, others arrive. A look at the sockets costs less than
    a row, and each row that comes along makes the pass cheaper for all. Nothing is waited
    for: a turn that brings nothing ends it, and so does a full pass. A lone row is not held up at
    all, several of one request for one look.
    """

    def __init__(self) -> None:
        self._seen = 0
        self._turns = 0

    def goes_on(self, waiting: int, room: int) -> bool:
        """Whether to let one more turn pass; ``waiting`` rows are there, ``room`` fit."""
        if 1 < waiting < room and waiting > self._seen and self._turns < MOST_TURNS:
            self._seen = waiting
            self._turns += 1
            return True
        self._seen = self._turns = 0
        return False
