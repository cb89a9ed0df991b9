"""Ray Serve: a replica per core with `serve.batch`, behind HAProxy.

What its documentation recommends for throughput: `RAY_SERVE_THROUGHPUT_OPTIMIZED=1` and HAProxy as
the ingress (which takes requests straight to replicas), `serve.batch` with a short wait,
`max_ongoing_requests` above the connections, one thread a replica, no access log, a Starlette
response written with orjson.
"""

import os
import signal

os.environ["RAY_SERVE_ENABLE_HA_PROXY"] = os.environ.get("BENCH_HAPROXY", "1")
os.environ["RAY_SERVE_THROUGHPUT_OPTIMIZED"] = os.environ.get("BENCH_THROUGHPUT", "1")
os.environ["RAY_SERVE_HAPROXY_METRICS_PORT"] = os.environ["BENCH_SPARE_PORT_1"]
os.environ["RAY_SERVE_HAPROXY_STATS_PORT"] = os.environ["BENCH_SPARE_PORT_2"]
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import orjson
import ray
from ray import serve
from shipped_models import served_model
from starlette.requests import Request
from starlette.responses import Response


@serve.deployment(
    num_replicas=int(os.environ["BENCH_WORKERS"]),
    max_ongoing_requests=256,
    ray_actor_options={"num_cpus": 1},
    logging_config=serve.schema.LoggingConfig(enable_access_log=False, log_level="WARNING"),
)
class Bench:
    def __init__(self) -> None:
        self.model = served_model()

    @serve.batch(
        max_batch_size=64, batch_wait_timeout_s=float(os.environ.get("BENCH_WAIT_MS", 2)) / 1000
    )
    async def predict(self, requests: list) -> list:
        return self.model.predict(requests)

    async def __call__(self, request: Request) -> Response:
        decoded = self.model.decode(orjson.loads(await request.body()))
        answer = await self.predict(decoded)
        return Response(orjson.dumps(answer), media_type="application/json")


if __name__ == "__main__":
    workers = int(os.environ["BENCH_WORKERS"])
    ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    serve.start(
        http_options={"host": "127.0.0.1", "port": int(os.environ["PORT"])},
        logging_config=serve.schema.LoggingConfig(enable_access_log=False, log_level="WARNING"),
    )
    serve.run(Bench.bind(), route_prefix="/")
    signal.sigwait([signal.SIGTERM, signal.SIGINT])
    serve.shutdown()
    ray.shutdown()
