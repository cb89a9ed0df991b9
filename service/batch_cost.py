"""What a pass costs, learned while serving: seconds = start + row x rows.

Source: recursive least squares with forgetting; Haykin, Adaptive Filter Theory, chapter 10.
"""

from dataclasses import dataclass

# Weight that a measurement loses with every newer one: the last hundred or so count.
KEEP = 0.98
# A pass that the machine put aside may take a hundred times its time; it counts no more than this.
OUTLIER = 4.0
# Pull of the last known cost of a row, so that passes of one size alone do not make it forgotten.
PULL = 0.05


@dataclass(slots=True)
class Cost:
    """The cost of passes of one kind, in seconds, updated with every measurement.

    ``wobble`` is by which share of what was predicted passes were off.
    """

    start_s: float = 0.0
    row_s: float = 0.0
    weight: float = 0.0
    mean_rows: float = 0.0
    mean_s: float = 0.0
    spread: float = 0.0
    together: float = 0.0
    wobble: float = 0.0

    @property
    def known(self) -> bool:
        """Whether anything was measured yet."""
        return self.weight > 0

    def of(self, rows: int) -> float:
        """Predicted seconds of one pass; 0 while nothing is known."""
        return self.start_s + self.row_s * rows

    def cautious(self, rows: int) -> float:
        """Seconds that most passes of this size stay below."""
        return self.of(rows) * (1 + self.wobble)

    def of_many(self, rows: int, room: int) -> float:
        """Predicted seconds for ``rows`` in passes of at most ``room``."""
        return self.start_s * -(-rows // room) + self.row_s * rows

    def add(self, rows: int, seconds: float) -> None:
        """Learn from a pass."""
        if self.known:
            expected_s = max(self.of(rows), 1e-6)
            seconds = min(seconds, OUTLIER * expected_s)
            self.wobble += (1 - KEEP) * (abs(seconds / expected_s - 1) - self.wobble)
        self.weight = KEEP * self.weight + 1
        share = 1 / self.weight
        off = rows - self.mean_rows
        self.mean_rows += share * off
        self.mean_s += share * (seconds - self.mean_s)
        self.spread = KEEP * self.spread + off * (rows - self.mean_rows)
        self.together = KEEP * self.together + off * (seconds - self.mean_s)
        self._fit()

    def _fit(self) -> None:
        pull = PULL * self.mean_rows**2
        believed_s = self.row_s or self.mean_s / self.mean_rows / 2
        slope_s = (self.together + pull * believed_s) / (self.spread + pull)
        self.row_s = min(max(slope_s, 0.0), self.mean_s / self.mean_rows)
        self.start_s = self.mean_s - self.row_s * self.mean_rows
