import copy
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from models.forecaster import Forecaster
from training.forecast import ablation
from training.forecast.config import ForecastTraining
from training.forecast.ingredients import REFERENCE, ROWS, as_it_is


def scores(relative: float) -> dict[str, Any]:
    part = {"relative_mase": 0.7, "relative_wql": 0.6, "relative": relative, "coverage_80": 0.8}
    return {"zero_shot": part, "own": part}


@pytest.mark.parametrize("name", ROWS)
def test_every_row_is_a_training_that_the_options_allow(name: str, tmp_path: Path) -> None:
    config = ablation.config_of(name, {"steps": 40}, tmp_path)

    assert (config.steps, config.validate_every, config.keep) == (40, 40, "last")
    assert all(getattr(config, key) == value for key, value in ROWS[name].options.items())


def test_every_row_but_the_reference_differs_from_what_ships() -> None:
    shipped = ForecastTraining()

    for name, row in ROWS.items():
        changed = any(getattr(shipped, key) != value for key, value in row.options.items())
        assert (changed or row.change is not as_it_is) == (name != REFERENCE)


@pytest.mark.parametrize("name", [n for n, row in ROWS.items() if row.change is not as_it_is])
def test_a_changed_network_answers_otherwise(name: str) -> None:
    torch.manual_seed(0)
    network = Forecaster(hidden_size=5, width=9, horizon=7, context_length=64).eval()
    for parameter in network.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    season = torch.arange(50) % 4 * 3.0
    values = 40 + (torch.randn(2, 50) + season).cumsum(1)
    changed = copy.deepcopy(network)
    ROWS[name].change(changed)

    with torch.inference_mode():
        before = network(values, torch.tensor([4, 4]))[1]
        after = copy.deepcopy(changed)(values, torch.tensor([4, 4]))[1]

    assert torch.isfinite(after).all()
    assert not torch.allclose(before, after)


def test_a_finished_row_is_kept_and_the_table_compares_with_the_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trained: list[str] = []

    def train_row(name: str, _: ForecastTraining) -> dict[str, Any]:
        trained.append(name)
        return {"row": name} | scores(0.75)

    monkeypatch.setattr(ablation, "train_row", train_row)
    kept = {"row": REFERENCE} | scores(0.5)
    (tmp_path / f"{REFERENCE}.json").write_text(json.dumps(kept))

    ablation.main(["--folder", str(tmp_path), "--only", REFERENCE, "mlp"])

    assert trained == ["mlp"]
    printed = capsys.readouterr().out
    assert "| the recipe as it ships | 0.700 | 0.600 | 0.500 (+0.0 %) | 80 % |" in printed
    assert "| 0.750 (+50.0 %) |" in printed
