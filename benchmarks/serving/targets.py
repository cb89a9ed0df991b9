"""What this server sets out to reach, next to what it reached."""

from dataclasses import dataclass
from typing import Any

from benchmarks.serving.summary import case_of

Row = dict[str, Any]
Key = tuple[str, int, int]


@dataclass(frozen=True)
class Target:
    """A figure, what it should be, and what it is; ``at_most`` turns it round."""

    text: str
    wanted: float
    reached: float
    at_most: bool = False

    @property
    def met(self) -> bool:
        """Whether it was reached."""
        return self.reached <= self.wanted if self.at_most else self.reached >= self.wanted


def targets(report: Row, ours: str = "seqserve") -> list[Target]:
    """Those that the measurements at hand say something about."""
    mine = {case_of(row): row for row in report["rows"] if row["server"] == ours}
    plain = {case_of(row): row for row in report["rows"] if row["server"] == "FastAPI"}
    roofs = {case_of(row): row for row in report["roofs"]}
    found: list[Target] = []
    for text, key, wanted in (
        ("1 image, 64 connections: times the best other", ("digits", 1, 64), 3.0),
        ("32 images, 64 connections: times the best other", ("digits", 32, 64), 4.0),
        ("1 series, 64 connections: times the best other", ("forecaster", 1, 64), 3.0),
    ):
        if key in mine and mine[key]["ratio"]:
            found.append(Target(text, wanted, mine[key]["ratio"]))
    if row := mine.get(("digits", 1, 64)):
        found.append(Target("1 image, 64 connections: p99 in ms", 15.0, row["p99_ms"], True))
    alone: Key = ("digits", 1, 1)
    if alone in mine and alone in plain and plain[alone]["p50_ms"]:
        share = mine[alone]["p50_ms"] / plain[alone]["p50_ms"]
        found.append(Target("1 image, 1 connection: median over FastAPI's", 0.6, share, True))
    if alone in mine and alone in roofs:
        over = mine[alone]["p50_ms"] - roofs[alone]["forward_ms"]
        text = "1 image, 1 connection: median above the forward pass, in ms"
        found.append(Target(text, 0.4, over, True))
    for key, row in roofs.items():
        if key[2] == 64 and ours in row["shares"]:
            text = f"{key[0]}, {key[1]} a request, 64 connections: share of the roofline"
            found.append(Target(text, 0.8, row["shares"][ours]))
    return found
