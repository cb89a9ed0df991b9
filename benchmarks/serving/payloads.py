"""What the load consists of: one small and one large request for each endpoint."""

from collections.abc import Mapping

import numpy as np
import orjson

WORDS = ["it", "was", "the", "best", "of", "times", "it", "was", "the", "worst", "of", "times"]


def payloads(seed: int = 0) -> Mapping[str, tuple[str, bytes]]:
    """Path and JSON body by a name that says the size."""
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, size=(32, 28, 28))
    steps = np.arange(256)
    series = [100 + 10 * np.sin(steps / 12 * 2 * np.pi) + random.normal(size=256)] * 64
    contexts = [" ".join(WORDS[: 1 + row % len(WORDS)]) for row in range(32)]
    return {
        "classify, 1 image": _classify(images[:1]),
        "classify, 32 images": _classify(images),
        "forecast, 1 series of 256": _forecast(series[:1]),
        "forecast, 64 series of 256": _forecast(series),
        "next-word, 1 context": ("/next-word", orjson.dumps({"contexts": contexts[-1:]})),
        "next-word, 32 contexts": ("/next-word", orjson.dumps({"contexts": contexts})),
    }


def _classify(images: np.ndarray) -> tuple[str, bytes]:
    return "/classify", orjson.dumps({"images": images.tolist()})


def _forecast(series: list[np.ndarray]) -> tuple[str, bytes]:
    rows = [np.round(row, 3).tolist() for row in series]
    return "/forecast", orjson.dumps({"series": rows, "horizon": 12, "season_length": 12})
