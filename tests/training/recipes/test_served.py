"""Every recipe, for real but small: trained by the command, served by the unchanged service."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.service.live_server import ROOT, live_server
from training.recipes.recipe import load_recipe, recipe_names

pytestmark = pytest.mark.timeout(300)
QUESTIONS: dict[str, dict[str, Any]] = {
    "classify": {"images": [[[0] * 28] * 28] * 2},
    "forecast": {"series": [[float(month % 12) for month in range(60)]], "horizon": 14},
    "next-word": {"contexts": ["When forty", "and dig"], "top_k": 3},
    "transduce": {"signals": [[0.0, 0.1, 0.2], [0.5]]},
}
ANSWERS = {
    "classify": ("predictions", 2),
    "forecast": ("forecasts", 1),
    "next-word": ("predictions", 2),
    "transduce": ("outputs", 2),
}


def test_every_recipe_ends_in_an_export_that_answers_by_its_endpoint(tmp_path: Path) -> None:
    # In one process, which imports torch once; several of them are started in test_command.py.
    words = ["train", "recipe", "all", "--smoke", "--folder", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "seqserve", *words],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "results.json").read_text())
    assert [row["recipe"] for row in rows] == recipe_names()
    exports = [load_recipe(name).export_name(v) for name, v in settings()]
    assert sorted(path.name for path in (tmp_path / "repository").iterdir()) == sorted(exports)

    repository = str(tmp_path / "repository")
    with live_server(tmp_path / "log", "--repository", repository, workers=1) as server:
        url = server.wait_until_ready()
        models = httpx.get(f"{url}/models").json()["models"]
        assert sorted(model["name"] for model in models) == sorted(exports)
        for model in models:
            ask(url, model["name"], model["task"])


def settings() -> list[tuple[str, Any]]:
    return [(name, v) for name in recipe_names() for v in load_recipe(name).variants]


def ask(url: str, name: str, task: str) -> None:
    answer = httpx.post(f"{url}/{task}", json={"model": name, **QUESTIONS[task]})
    assert answer.status_code == 200, (name, answer.text)
    body = answer.json()
    key, count = ANSWERS[task]
    assert body["model"]["name"] == name
    assert len(body[key]) == count
