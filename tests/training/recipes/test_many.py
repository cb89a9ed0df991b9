"""Ctrl-C while recipes train in processes of their own."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from training.errors import Interrupted
from training.recipes.many import run_all
from training.recipes.request import RecipeRequest

PATIENCE_S = 100


@pytest.mark.slow
def test_ctrl_c_reaches_each_process_once_and_leaves_its_checkpoint(tmp_path: Path) -> None:
    log = tmp_path / "logs/sonnet-ngram.log"

    def interrupt() -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s and "step 1130" not in (
            log.read_text() if log.is_file() else ""
        ):
            time.sleep(0.05)  # another process: there is no event to wait for
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(Interrupted, match="stopped in sonnet-ngram: continue .* --resume"):
        run_all(["sonnet-ngram"], RecipeRequest(folder=tmp_path, jobs=2))

    assert (tmp_path / "runs/sonnet-ngram/checkpoint.pt").is_file()
    assert "the checkpoint is" in log.read_text()
    assert "Traceback" not in log.read_text()
