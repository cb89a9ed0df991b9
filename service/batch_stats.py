"""What a batcher counts."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from service.rows import Selection

# Upper bounds of the histogram of batch sizes, in rows.
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


def _no_sizes() -> list[int]:
    return [0] * (len(BATCH_SIZES) + 1)


@dataclass(slots=True)
class BatchStats:
    """Counters since the start; cells are rows times length.

    ``sizes`` counts batches by their rows, up to each of ``BATCH_SIZES`` and beyond.
    """

    requests: int = 0
    batches: int = 0
    rows: int = 0
    real_cells: int = 0
    padded_cells: int = 0
    dropped_rows: int = 0
    refused_requests: int = 0
    expired_requests: int = 0
    failed_batches: int = 0
    loop_batches: int = 0
    queue_s: float = 0.0
    compute_s: float = 0.0
    sizes: list[int] = field(default_factory=_no_sizes)

    @property
    def padding_share(self) -> float:
        """Share of the computed cells that held no data."""
        return 1 - self.real_cells / self.padded_cells if self.padded_cells else 0.0

    def add_batch(self, selections: Sequence[Selection], seconds: float) -> None:
        """Count a batch."""
        rows = cells = longest = 0
        for selection in selections:
            rows += selection.size
            cells += selection.cells()
            longest = max(longest, selection.longest)
        self.batches += 1
        self.rows += rows
        self.real_cells += cells
        self.padded_cells += rows * longest
        self.compute_s += seconds
        self.sizes[bisect_left(BATCH_SIZES, rows)] += 1
