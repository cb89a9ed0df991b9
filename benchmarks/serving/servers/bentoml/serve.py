"""BentoML."""

import os
import sys
from pathlib import Path

os.environ["BENTOML_HOME"] = os.environ["BENCH_FOLDER"]
os.environ["BENTOML_DO_NOT_TRACK"] = "true"
os.execv(
    Path(sys.executable).parent / "bentoml",
    ["bentoml", "serve", "service:Bench", "--host", "127.0.0.1", "--port", os.environ["PORT"]],
)
