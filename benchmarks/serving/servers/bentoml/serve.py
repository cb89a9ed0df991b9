"""BentoML: a service with adaptive batching, a worker process per core.

What its documentation recommends: `batchable=True` with `max_batch_size` and a latency bound wide
enough not to refuse what is merely queued, `workers` by the number of cores, arrays as NumPy, no
access log; uvloop and httptools, which its server uses where they are installed.
"""

import os
import sys
from pathlib import Path

os.environ["BENTOML_HOME"] = os.environ["BENCH_FOLDER"]
os.environ["BENTOML_DO_NOT_TRACK"] = "true"
os.execv(
    Path(sys.executable).parent / "bentoml",
    ["bentoml", "serve", "service:Bench", "--host", "127.0.0.1", "--port", os.environ["PORT"]],
)
