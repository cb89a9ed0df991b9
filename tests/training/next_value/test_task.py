from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from training.errors import DataError
from training.loop import fit
from training.next_value.config import NextValueTraining
from training.next_value.series import airline
from training.next_value.task import NextValueTask


def config(folder: Path = Path("nowhere"), **changes: Any) -> NextValueTraining:
    settings: dict[str, Any] = {"steps": 7, "validate_every": 3, "window": 3, "learning_rate": 0.01}
    return NextValueTraining(runs=folder, **(settings | changes))


def test_the_training_over_windows_is_that_of_a_notebook(tmp_path: Path) -> None:
    settings = config(tmp_path, layers="6-5")
    task = NextValueTask(airline(), settings)
    network = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 1))
    states = task.forecasters["final"].members[0].state_dict()
    network.load_state_dict({name.removeprefix("body.layers."): w for name, w in states.items()})
    values = torch.tensor(airline().training)
    scaled = ((values - values.mean()) / values.std(correction=0)).float()
    windows = torch.stack([scaled[i : i + 3] for i in range(117)])
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(7):
        loss = nn.functional.mse_loss(network(windows).squeeze(1), scaled[3:])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    history = fit(task, settings)

    assert history.records[-1]["loss"] == pytest.approx(float(loss.detach()), rel=1e-3)


def test_the_warm_up_of_a_series_is_not_scored() -> None:
    task = NextValueTask(airline(), config(body="rnn", reads="series", unscored=12))
    member, scaled = task.forecasters["final"].members[0], task._read["final"]
    predicted = member.sequence(scaled[:-1].unsqueeze(0))[0]  # type: ignore[operator]
    expected = ((predicted[12:] - scaled[13:]) ** 2).mean()
    assert float(task.loss(task.batch(0)).detach()) == pytest.approx(float(expected.detach()))


def test_every_round_takes_each_window_once_and_rounds_differ() -> None:
    task = NextValueTask(airline(), config(batch_size=32))
    rounds = [
        torch.cat([task.batch(step).final for step in range(start, start + 4)]).tolist()
        for start in (0, 4)
    ]
    assert sorted(rounds[0]) == sorted(rounds[1]) == list(range(117))
    assert rounds[0] != rounds[1]
    assert len(task.batch(3).final) == 117 - 3 * 32


def test_the_fold_never_sees_what_it_is_judged_by() -> None:
    task = NextValueTask(airline(), config(held_out=20))
    assert len(task._read["fold"]) == 100
    assert task.forecasters["fold"].view.loc == airline().values[:100].mean()


def test_members_and_folds_do_not_disturb_one_another(tmp_path: Path) -> None:
    alone, together = config(tmp_path / "a"), config(tmp_path / "b", n_members=3)
    tasks = [NextValueTask(airline(), alone), NextValueTask(airline(), together)]
    for task, settings in zip(tasks, (alone, together), strict=True):
        fit(task, settings)
    one, other = (task.forecasters["final"].members[0].state_dict() for task in tasks)
    for name, weights in one.items():
        torch.testing.assert_close(weights, other[name])


def test_mirrored_windows_count_as_much_as_the_others() -> None:
    plain = NextValueTask(airline(), config(mirror=True))
    windows = plain._read["final"].unfold(0, 4, 1)
    both = torch.cat([windows, -windows])
    body = plain.forecasters["final"].members[0]
    expected = ((body.predict(both[:, :3]) - both[:, 3]) ** 2).mean()  # type: ignore[operator]
    assert float(plain.loss(plain.batch(0)).detach()) == pytest.approx(float(expected.detach()))


def test_validation_is_the_error_one_step_ahead_in_the_series_unit() -> None:
    task = NextValueTask(airline(), config())
    fold = task.forecasters["fold"]
    values = airline().training
    with torch.no_grad():
        errors = [
            values[t]
            - float(fold(torch.tensor(values[None, :t]).float(), torch.tensor([0]))[0][0, 0])
            for t in range(96, 120)
        ]
    expected = np.sqrt(np.mean(np.square(errors)))
    assert task.validate(task.network)["validation_rmse"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    "options",
    [
        {"held_out": 120},
        {"window": 96},
        {"window": 84, "view": "growth"},
        {"body": "rnn", "reads": "series", "unscored": 95},
    ],
    ids=["held out", "window", "growth", "unscored"],
)
def test_options_that_leave_nothing_to_learn_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="leave nothing to learn"):
        NextValueTask(airline(), config(**options))
