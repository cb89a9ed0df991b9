"""What is asked: the workloads of the ladder, and the mixture of the soak."""

from collections.abc import Mapping

import numpy as np
import orjson

from benchmarks.load.caller import post

WORDS = ["it", "was", "the", "best", "of", "times", "it", "was", "the", "worst", "of", "times"]


def workloads(timeout_ms: int) -> Mapping[str, bytes]:
    """A request by the name of its workload; the service must answer within ``timeout_ms``."""
    return {
        "forecast, 1 series of 256": _forecast(1, timeout_ms),
        "classify, 1 image": _classify(1, timeout_ms),
        "classify, 32 images": _classify(32, timeout_ms),
    }


def mixture(timeout_ms: int) -> list[bytes]:
    """All endpoints, small and large, right and wrong."""
    words = orjson.dumps({"contexts": [" ".join(WORDS[:n]) for n in range(1, 9)], "top_k": 5})
    wrong = [
        post("/classify", b'{"images": [[1, 2, 3]]}'),
        post("/forecast", b'{"series": [[1, 2'),
        post("/nowhere", b"{}"),
    ]
    small = [_classify(1, timeout_ms)] * 8 + [_forecast(1, timeout_ms)] * 4
    large = [_classify(8, timeout_ms), _forecast(4, timeout_ms)]
    return [*small, post("/next-word", words), *large, *wrong]


def _classify(n_images: int, timeout_ms: int) -> bytes:
    images = np.random.default_rng(0).integers(0, 256, size=(n_images, 28, 28))
    return post("/classify", orjson.dumps({"images": images.tolist()}), X_Timeout_Ms=timeout_ms)


def _forecast(n_series: int, timeout_ms: int) -> bytes:
    random, steps = np.random.default_rng(0), np.arange(256)
    series = [
        np.round(100 + 10 * np.sin(steps / 2) + random.normal(size=256), 2).tolist()
        for _ in range(n_series)
    ]
    body = orjson.dumps({"series": series, "horizon": 12, "season_length": 12})
    return post("/forecast", body, X_Timeout_Ms=timeout_ms)
