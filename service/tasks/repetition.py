"""Keeps a text from going round in circles."""

from collections import defaultdict, deque
from collections.abc import Iterable


class RepetitionGuard:
    """Knows which words would make a group of ``size`` words come a second time.

    With size 0 it lets everything pass.
    """

    def __init__(self, size: int, words: Iterable[int] = ()) -> None:
        self._size = size
        self._last: deque[int] = deque(maxlen=max(0, size - 1))
        self._followers: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for word in words:
            self.add(word)

    def add(self, word: int) -> None:
        """Take note of the next word of the text."""
        self._followers[tuple(self._last)].append(word)
        self._last.append(word)

    def banned(self) -> list[int]:
        """Words that must not come next, each once, the newest last."""
        if len(self._last) != self._size - 1:
            return []
        return list(dict.fromkeys(self._followers.get(tuple(self._last), ())))
