"""The shipped exports as every compared server holds them: load, decode, one pass, payload.

Only torch and numpy, because it is imported in the environment of each server. One thread a pass:
on small batches a second thread costs more than it brings, and every server runs as many processes
as there are cores. ``BENCH_MODEL`` says which model to serve, ``BENCH_REPOSITORY`` where it is.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import torch

LEVELS = {"0.1": 2, "0.5": 6, "0.9": 10}  # where they are among the levels of the forecaster
CONTEXT_LENGTH = 512
# Rows of one pass: 2,048 images at once take half as long again an image as 256 do.
MAX_IMAGES = 256
MAX_SERIES = 64


def load_graph(name: str) -> Any:
    """The exported graph, frozen, for passes of one thread."""
    torch.set_num_threads(1)
    folder = Path(os.environ["BENCH_REPOSITORY"]) / name / "1"
    return torch.jit.freeze(torch.jit.load(str(folder / "model.pt")).eval())


class Digits:
    """Classify images: a request is an array (n, 28, 28), its answer a list of predictions."""

    field = "images"

    def __init__(self) -> None:
        self.graph = load_graph("digits")
        self.predict([np.zeros((n, 28, 28), np.float32) for n in (1, 1, 2, 31, 64)])

    def decode(self, request: dict[str, Any]) -> np.ndarray:
        """The images of a request as float32."""
        return np.asarray(request["images"], dtype=np.float32)

    def forward(self, images: np.ndarray) -> np.ndarray:
        """Probabilities (n, 10) of images (n, 28, 28)."""
        with torch.inference_mode():
            parts = [self.graph(part) for part in torch.from_numpy(images).split(MAX_IMAGES)]
        return torch.cat(parts).numpy() if len(parts) > 1 else parts[0].numpy()

    def payload(self, probabilities: np.ndarray) -> dict[str, Any]:
        """What a request is answered, ready for an encoder that knows numpy or not."""
        best = probabilities.argmax(axis=1).tolist()
        rows = probabilities.tolist()
        return {
            "predictions": [
                {"label": str(label), "probabilities": row}
                for label, row in zip(best, rows, strict=True)
            ]
        }

    def predict(self, requests: list[np.ndarray]) -> list[dict[str, Any]]:
        """One pass for all requests, one payload for each."""
        images = requests[0] if len(requests) == 1 else np.concatenate(requests)
        probabilities = self.forward(images)
        ends = np.cumsum([len(each) for each in requests])[:-1]
        return [self.payload(part) for part in np.split(probabilities, ends)]


class Forecaster:
    """Continue series: a request is a list of arrays of any lengths and its horizon and season."""

    field = "series"

    def __init__(self) -> None:
        self.graph = load_graph("forecaster")
        warm = [{"series": [[1.0, 2.0] * n] * n, "horizon": 12} for n in (1, 32, 64, 64)]
        for each in warm:
            self.predict([self.decode(each)])

    def decode(self, request: dict[str, Any]) -> dict[str, Any]:
        """The end of every series that the model reads, and what is asked."""
        return {
            "series": [
                np.asarray(each[-CONTEXT_LENGTH:], dtype=np.float32) for each in request["series"]
            ],
            "horizon": request.get("horizon", 12),
            "season_length": request.get("season_length", 0),
        }

    def forward(self, series: list[np.ndarray], seasons: list[int]) -> tuple[np.ndarray, ...]:
        """Mean (n, 64) and quantiles (n, 64, 13) of series of any lengths."""
        parts = [
            self._pass(series[at : at + MAX_SERIES], seasons[at : at + MAX_SERIES])
            for at in range(0, len(series), MAX_SERIES)
        ]
        return tuple(np.concatenate(each) for each in zip(*parts, strict=True))

    def _pass(self, series: list[np.ndarray], seasons: list[int]) -> tuple[np.ndarray, ...]:
        """One pass; series are padded with NaN to the longest."""
        values = np.full((len(series), max(map(len, series))), np.nan, dtype=np.float32)
        for row, each in enumerate(series):
            values[row, -len(each) :] = each
        with torch.inference_mode():
            mean, quantiles, _ = self.graph(torch.from_numpy(values), torch.tensor(seasons))
        return mean.numpy(), quantiles.numpy()

    def payload(self, mean: np.ndarray, quantiles: np.ndarray, horizon: int) -> dict[str, Any]:
        """What a request is answered."""
        means = mean[:, :horizon].tolist()
        levels = [quantiles[:, :horizon, at].tolist() for at in LEVELS.values()]
        return {
            "forecasts": [
                {"mean": each, "quantiles": dict(zip(LEVELS, rows, strict=True))}
                for each, *rows in zip(means, *levels, strict=True)
            ]
        }

    def predict(self, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """One pass for all requests, one payload for each."""
        series = [each for request in requests for each in request["series"]]
        seasons = [request["season_length"] for request in requests for _ in request["series"]]
        mean, quantiles = self.forward(series, seasons)
        payloads, start = [], 0
        for request in requests:
            end = start + len(request["series"])
            payloads.append(self.payload(mean[start:end], quantiles[start:end], request["horizon"]))
            start = end
        return payloads


def served_model() -> Digits | Forecaster:
    """The model that this process serves."""
    return {"digits": Digits, "forecaster": Forecaster}[os.environ["BENCH_MODEL"]]()
