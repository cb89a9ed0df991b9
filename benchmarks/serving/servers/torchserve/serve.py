"""TorchServe: a model archive with a handler of our own, batches of 64, a worker per core.

What its documentation recommends: `batchSize` and `maxBatchDelay` in the configuration of the
model, workers as many as cores with one torch thread each, a handler that runs the whole batch in
one pass. JSON is left to the handler, which reads it with orjson; metrics and access log are off.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

here = Path(__file__).parent
folder = Path(os.environ["BENCH_FOLDER"])
bin_folder = Path(sys.executable).parent
name = {"digits": "classify", "forecaster": "forecast"}[os.environ["BENCH_MODEL"]]
store = folder / "store"
store.mkdir(parents=True, exist_ok=True)
subprocess.run(
    [
        bin_folder / "torch-model-archiver",
        *("--model-name", name, "--version", "1.0", "--force"),
        *("--handler", here / "handler.py", "--export-path", store),
        *("--extra-files", here.parent / "shared" / "shipped_models.py"),
    ],
    check=True,
)
workers = int(os.environ["BENCH_WORKERS"])
port = int(os.environ["PORT"])
model = {
    "1.0": {
        "defaultVersion": True,
        "marName": f"{name}.mar",
        "minWorkers": workers,
        "maxWorkers": workers,
        "batchSize": 64,
        "maxBatchDelay": int(os.environ.get("BENCH_WAIT_MS", 2)),
        "responseTimeout": 60,
    }
}
properties = {
    "inference_address": f"http://127.0.0.1:{port}",
    "management_address": f"http://127.0.0.1:{int(os.environ['BENCH_SPARE_PORT_1'])}",
    "metrics_address": f"http://127.0.0.1:{int(os.environ['BENCH_SPARE_PORT_2'])}",
    "grpc_inference_port": os.environ["BENCH_SPARE_PORT_3"],
    "grpc_management_port": os.environ["BENCH_SPARE_PORT_4"],
    "job_queue_size": 1000,
    "max_request_size": 1 << 25,
    "default_response_timeout": 60,
    "disable_system_metrics": "true",
    "disable_token_authorization": "true",
    "decode_input_request": "false",  # the handler reads JSON itself, with orjson
    "load_models": f"{name}.mar",
    "model_store": store,
    "models": json.dumps({name: model}),
    "vmargs": "-Xmx512m",
}
config = folder / "config.properties"
config.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))
os.environ["TMPDIR"] = str(folder)  # where it keeps its pid

os.chdir(folder)
os.execv(
    bin_folder / "torchserve",
    [
        "torchserve",
        "--start",
        "--foreground",
        "--ncs",
        "--disable-token-auth",
        "--ts-config",
        str(config),
        "--log-config",
        str(here / "log4j2.xml"),
    ],
)
