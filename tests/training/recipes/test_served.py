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


@pytest.mark.slow
def test_every_recipe_ends_in_an_export_that_answers_by_its_endpoint(tmp_path: Path) -> None:
    # In one process, which imports torch once; several of them are started in test_command.py.
    assert trained("all", tmp_path) == recipe_names()
    served(tmp_path / "repository", recipe_names())


def test_a_recipe_ends_in_exports_that_answer_by_their_endpoint(tmp_path: Path) -> None:
    assert trained("sine-to-cosine-lstm", tmp_path) == ["sine-to-cosine-lstm"]
    served(tmp_path / "repository", ["sine-to-cosine-lstm"])


def trained(which: str, folder: Path) -> list[str]:
    """Train as the command does; returns the recipes in its table."""
    words = ["train", "recipe", which, "--smoke", "--folder", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", "seqserve", *words],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [row["recipe"] for row in json.loads((folder / "results.json").read_text())]


def served(repository: Path, recipes: list[str]) -> None:
    """Ask the unchanged service for answers of all exports of these recipes."""
    loaded = [load_recipe(name) for name in recipes]
    exports = sorted(recipe.export_name(v) for recipe in loaded for v in recipe.variants)
    assert sorted(path.name for path in repository.iterdir()) == exports
    log = repository.parent / "log"
    with live_server(log, "--repository", str(repository), workers=1) as server:
        url = server.wait_until_ready()
        models = httpx.get(f"{url}/models").json()["models"]
        assert sorted(model["name"] for model in models) == exports
        for model in models:
            ask(url, model["name"], model["task"])


def ask(url: str, name: str, task: str) -> None:
    answer = httpx.post(f"{url}/{task}", json={"model": name, **QUESTIONS[task]})
    assert answer.status_code == 200, (name, answer.text)
    body = answer.json()
    key, count = ANSWERS[task]
    assert body["model"]["name"] == name
    assert len(body[key]) == count
