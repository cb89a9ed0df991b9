"""MLServer: adaptive batching of 64 requests and a pool of workers, as many as cores.

What its documentation recommends: `max_batch_size` and `max_batch_time` in `model-settings.json`,
`parallel_workers` by the number of cores, a custom runtime with the NumPy codecs, flat data. Its
protocol knows rectangular tensors only, so the client pads ragged series and sends their lengths.
uvloop is pinned to 0.21: with a newer one its workers end as soon as they start.
"""

import json
import os
import sys
from pathlib import Path

here = Path(__file__).parent
folder = Path(os.environ["BENCH_FOLDER"])
implementation = {"digits": "DigitsRuntime", "forecaster": "ForecastRuntime"}
settings = {
    "debug": False,
    "host": "127.0.0.1",
    "http_port": int(os.environ["PORT"]),
    "grpc_port": int(os.environ["BENCH_SPARE_PORT_1"]),
    "metrics_port": int(os.environ["BENCH_SPARE_PORT_2"]),
    "parallel_workers": int(os.environ.get("BENCH_PARALLEL", os.environ["BENCH_WORKERS"])),
    "gzip_enabled": False,
}
model = {
    "name": "model",
    "implementation": f"runtime.{implementation[os.environ['BENCH_MODEL']]}",
    "max_batch_size": 64,
    "max_batch_time": float(os.environ.get("BENCH_WAIT_MS", 2)) / 1000,
}
folder.mkdir(parents=True, exist_ok=True)
(folder / "settings.json").write_text(json.dumps(settings))
(folder / "model-settings.json").write_text(json.dumps(model))
os.environ["PYTHONPATH"] += f":{here}"
os.chdir(folder)
os.execv(Path(sys.executable).parent / "mlserver", ["mlserver", "start", "."])
