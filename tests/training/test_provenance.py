from pathlib import Path

import pytest

from training.config import TrainingConfig, TunableConfig
from training.loop import History
from training.provenance import chosen_options, data_source, describe_training


def test_a_description_holds_the_command_and_no_path_of_the_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.argv", ["x", "train", "digits", "--resume", "--name", "two words"])
    history = History(records=[{"step": 40.0}], best_step=20, wall_time_s=1.26)
    config = TrainingConfig(runs=tmp_path, repository=tmp_path, data=tmp_path / "mail.txt", seed=7)
    described = describe_training(config, history)
    assert described["command"] == "seqserve train digits --name 'two words'"
    assert (described["seed"], described["steps"], described["best_step"]) == (7, 40, 20)
    assert described["config"]["data"] == "mail.txt"
    assert str(tmp_path) not in str(described)


def test_what_shaped_the_training_is_kept() -> None:
    options = chosen_options(TrainingConfig(batch_size=3))
    assert options["batch_size"] == 3
    assert {"repository", "runs", "resume"}.isdisjoint(options)


def test_the_folder_of_a_parent_stays_at_home(tmp_path: Path) -> None:
    options = chosen_options(TunableConfig(from_=str(tmp_path)))

    assert {"from_", "from", "anyway"}.isdisjoint(options)


def test_a_data_file_is_known_by_name_and_digest(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"abc")
    source = data_source(path, "training", "CC0")
    assert (source.name, source.role, source.licence) == ("a.txt", "training", "CC0")
    assert source.sha256.startswith("ba7816bf8f01cfea414140de5dae2223")
