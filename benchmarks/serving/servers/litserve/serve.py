"""LitServe: batches of 64 in a worker process per core, as many processes that read HTTP.

What its documentation recommends for throughput: `max_batch_size` with a short `batch_timeout`,
`workers_per_device` for the cores, `fast_queue` (ZeroMQ between the processes instead of a manager
of `multiprocessing`). `batch` and `unbatch` pass lists on, because the model joins them itself.
"""

import os

import litserve
from shipped_models import served_model

WORKERS = int(os.environ["BENCH_WORKERS"])


class Api(litserve.LitAPI):
    def setup(self, device: str) -> None:
        self.model = served_model()

    def decode_request(self, request: dict):
        return self.model.decode(request)

    def batch(self, inputs: list) -> list:
        return inputs

    def predict(self, x: list) -> list:
        return self.model.predict(x)

    def unbatch(self, output: list) -> list:
        return output

    def encode_response(self, output: dict) -> dict:
        return output


if __name__ == "__main__":
    path = {"digits": "/classify", "forecaster": "/forecast"}[os.environ["BENCH_MODEL"]]
    api = Api(
        max_batch_size=64,
        batch_timeout=float(os.environ.get("BENCH_WAIT_MS", 2)) / 1000,
        api_path=path,
    )
    server = litserve.LitServer(
        api,
        accelerator="cpu",
        devices=1,
        workers_per_device=WORKERS,
        fast_queue=os.environ.get("BENCH_FAST", "1") == "1",
        timeout=60,
    )
    server.run(
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        num_api_servers=int(os.environ.get("BENCH_API", WORKERS)),
        generate_client_file=False,
        log_level="warning",
        access_log=False,
    )
