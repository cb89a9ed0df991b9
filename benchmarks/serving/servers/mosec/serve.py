"""Mosec: one batching stage with a process per core; its Rust front reads HTTP and forms batches.

What its documentation recommends: dynamic batching by `max_batch_size` and `max_wait_time`,
`num` processes a stage, `deserialize` and `serialize` overridden with a faster encoder (orjson).
"""

import os
import sys

import orjson
from mosec import Server, Worker
from shipped_models import served_model


class Inference(Worker):
    def __init__(self) -> None:
        super().__init__()
        self.model = served_model()

    def deserialize(self, data: bytes):
        return self.model.decode(orjson.loads(data))

    def serialize(self, data) -> bytes:
        return orjson.dumps(data)

    def forward(self, data: list) -> list:
        return self.model.predict(data)


if __name__ == "__main__":
    sys.argv += ["--address", "127.0.0.1", "--port", os.environ["PORT"]]
    sys.argv += ["--timeout", "60000", "--log-level", "warning", "--max-request-size", "16777216"]
    server = Server()
    server.append_worker(
        Inference,
        num=int(os.environ["BENCH_WORKERS"]),
        max_batch_size=64,
        max_wait_time=int(os.environ.get("BENCH_WAIT_MS", 2)),
        timeout=60,
        route=["/classify", "/forecast"],
    )
    server.run()
