"""The service that `bentoml serve` runs: one batched method, for the model at hand."""

import os
from typing import Annotated, Any

import bentoml
import numpy as np
from bentoml.validators import DType
from shipped_models import served_model

DIGITS = os.environ["BENCH_MODEL"] == "digits"
BATCHES = {
    "batchable": True,
    "max_batch_size": 64,
    "max_latency_ms": int(os.environ.get("BENCH_LATENCY_MS", 10000)),
}

if DIGITS:

    @bentoml.service(
        workers=int(os.environ["BENCH_WORKERS"]),
        traffic={"timeout": 60},
        logging={"access": {"enabled": False}},
    )
    class Bench:
        def __init__(self) -> None:
            self.model = served_model()

        @bentoml.api(**BATCHES)
        async def classify(
            self, images: Annotated[np.ndarray, DType("float32")]
        ) -> list[dict[str, Any]]:
            return self.model.payload(self.model.forward(images))["predictions"]

else:

    @bentoml.service(
        workers=int(os.environ["BENCH_WORKERS"]),
        traffic={"timeout": 60},
        logging={"access": {"enabled": False}},
    )
    class Bench:
        def __init__(self) -> None:
            self.model = served_model()

        @bentoml.api(**BATCHES)
        async def forecast(self, series: list[list[float]]) -> list[dict[str, Any]]:
            request = self.model.decode({"series": series, "season_length": 12})
            return self.model.predict([request])[0]["forecasts"]
