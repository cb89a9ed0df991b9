"""Recipes of one series end in forecasters that an unchanged service answers with."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from models.export_folder import read_manifest
from models.manifest import Manifest
from service.settings import Settings
from tests.service.harness import client_of, serving
from training.next_value.series import airline
from training.recipes.recipe import Variant, load_recipe, recipe_names
from training.recipes.request import RecipeRequest
from training.recipes.run import run_recipe

NAMES = [name for name in recipe_names() if load_recipe(name).family == "next-value"]
# Each kind of network and each series once; the slow test has them all.
SOME = ["noisy-sine-rnn", "seasonal-lstm", "seasonal-mlp"]
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recipes")
    for name in SOME:
        run_recipe(load_recipe(name), RecipeRequest(folder=folder, smoke=True))
    return folder


def manifest(folder: Path, name: str) -> Manifest:
    return read_manifest(folder / "repository" / name / "1")


def test_there_are_six_of_them() -> None:
    assert len(NAMES) == 6


@pytest.mark.parametrize("name", SOME)
def test_an_export_states_its_errors_beside_those_of_the_naive(folder: Path, name: str) -> None:
    one_step, ahead = manifest(folder, name).metrics
    assert one_step.split == ahead.split == "test"
    assert (one_step.name, ahead.name[:4]) == ("MSE one step ahead", "MSE ")
    naive = "seasonal naive" if name.startswith("seasonal") else "naive"
    assert one_step.baselines[naive] > 0
    page = (folder / "repository" / name / "1/report.html").read_text()
    for heading in ("Data", "Learning", "One step ahead", "Many steps ahead"):
        assert heading in page


def test_the_figures_know_the_noise_where_there_is_any(folder: Path) -> None:
    results = json.loads((folder / "results/noisy-sine-rnn.notes.json").read_text())
    assert results["figures"]["noise_mse"] == pytest.approx(0.04)
    assert 0.03 < results["figures"]["drawn_noise_mse"] < 0.05


async def forecast(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    response = await client.post("/forecast", json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def test_the_service_answers_with_every_export(folder: Path) -> None:
    settings = Settings.model_validate({"repository": folder / "repository", "warmup_max_s": 0})
    passengers, gappy = airline().training.tolist(), [3.0, None, 2.9, 3.4]
    async with serving(settings) as app, client_of(app) as client:
        for name in [*SOME, *(f"{name}-tuned" for name in SOME)]:
            together = await forecast(
                client, model=name, series=[passengers, gappy], horizon=60, levels=[80]
            )
            assert together["model"] == {"name": name, "version": "1"}
            alone = await forecast(client, model=name, series=gappy, horizon=60, levels=[80])
            mean = together["forecasts"][1]["mean"]
            assert len(mean) == 60
            assert alone["forecasts"][0]["mean"] == pytest.approx(mean, rel=1e-4, abs=1e-4)
            low, high = together["forecasts"][0]["quantiles"].values()
            assert all(a <= b for a, b in zip(low, high, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_better_setting_reaches_the_figure(name: str, tmp_path: Path) -> None:
    only: Variant = "tuned"
    (measured,) = run_recipe(load_recipe(name), RecipeRequest(folder=tmp_path, only=only))
    assert measured.target_met
