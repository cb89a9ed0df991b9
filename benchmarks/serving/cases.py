"""What is asked: the cases of the comparison, and the same requests for every server.

A request is a dictionary as this service takes it; ``protocols`` says how other servers want it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

Request = dict[str, Any]
Floats = npt.NDArray[np.float64]

HORIZON = 12
SEASON_LENGTH = 12
# Enough that a request is not simply the one before, few enough to prepare them quickly.
N_REQUESTS = 16


@dataclass(frozen=True)
class Case:
    """Requests of ``items`` images or series to one model, over some numbers of connections.

    ``lengths`` are the shortest and the longest series.
    """

    model: str
    items: int
    connections: tuple[int, ...]
    lengths: tuple[int, int] = (0, 0)

    @property
    def title(self) -> str:
        """As tables print it."""
        if self.model == "digits":
            return f"{self.items} image{'s' * (self.items > 1)}"
        shortest, longest = self.lengths
        points = str(longest) if shortest == longest else f"{shortest} to {longest}"
        return f"{self.items} series of {points}"


CASES = (
    Case("digits", 1, (1, 8, 64)),
    Case("digits", 32, (1, 8, 64)),
    Case("forecaster", 1, (1, 8, 64), (256, 256)),
    Case("forecaster", 64, (1, 8), (64, 512)),
)
MODELS = tuple(dict.fromkeys(case.model for case in CASES))


def requests_of(case: Case, repository: Path, seed: int = 0) -> list[Request]:
    """The requests of a case, in the order in which every connection sends them."""
    random = np.random.default_rng([seed, case.items])
    if case.model == "digits":
        known = _pictures(repository)
        return [
            {"images": [_moved(known, random).tolist() for _ in range(case.items)]}
            for _ in range(N_REQUESTS)
        ]
    return [
        {
            "series": [_series(case.lengths, random).tolist() for _ in range(case.items)],
            "horizon": HORIZON,
            "season_length": SEASON_LENGTH,
        }
        for _ in range(N_REQUESTS)
    ]


def _pictures(repository: Path) -> Sequence[npt.NDArray[np.int64]]:
    """The digits that the export carries as examples, without the blank.

    All classes are as likely for a blank (0.109 and 0.109 at the top), so its label is a toss-up
    that says nothing about a server: float32 and int8 may differ in it.
    """
    golden = orjson.loads((repository / "digits" / "1" / "golden.json").read_bytes())
    images = [image for each in golden["examples"] for image in each["inputs"]["images"]]
    return [np.rint(image).astype(np.int64) for image in images if np.any(image)]


def _moved(
    pictures: Sequence[npt.NDArray[np.int64]], random: np.random.Generator
) -> npt.NDArray[np.int64]:
    """One of the pictures, moved by up to two pixels."""
    picture = pictures[int(random.integers(len(pictures)))]
    down, right = (int(by) for by in random.integers(-2, 3, size=2))
    return np.roll(picture, (down, right), axis=(0, 1))


def _series(lengths: tuple[int, int], random: np.random.Generator) -> Floats:
    """A trend, a season of twelve steps and noise, to three digits."""
    shortest, longest = lengths
    steps = np.arange(random.integers(shortest, longest + 1))
    season = 10 * np.sin(2 * np.pi * steps / SEASON_LENGTH + random.uniform(0, 6))
    values: Floats = 100 + random.normal() * steps / 10 + season + random.normal(size=len(steps))
    rounded: Floats = np.round(values, 3)
    return rounded
