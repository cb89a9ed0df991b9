"""The export that ships: what it promises, and (slow) whether it keeps it."""

from pathlib import Path

import numpy as np
import pytest
import torch

from models.export_folder import active_version, read_manifest
from training.digits.data import DEFAULT_FOLDER
from training.digits.idx import read_idx_set

FOLDER = Path(__file__).parents[3] / "models" / "repository" / "digits"
EXPORT = FOLDER / active_version(FOLDER)
MANIFEST = read_manifest(EXPORT)
STATED = {metric.name: metric.value for metric in MANIFEST.metrics if metric.split == "test"}


def test_it_reads_at_least_993_of_1000_test_images_and_so_does_the_mean_of_three_seeds() -> None:
    assert STATED["accuracy"] >= 0.993
    assert STATED["accuracy, mean of seeds"] >= 0.993
    assert len(MANIFEST.training["runs"]) == 3


def test_it_is_small() -> None:
    assert MANIFEST.training["n_parameters"] < 1_000_000
    assert MANIFEST.files["model.pt"].size_bytes < 3_000_000


def test_a_blank_image_gets_an_unsure_answer() -> None:
    graph = torch.jit.load(EXPORT / "model.pt")  # type: ignore[no-untyped-call]

    with torch.inference_mode():
        probabilities = graph(torch.zeros(1, 28, 28))

    assert float(probabilities.sum()) == pytest.approx(1.0)
    assert float(probabilities.max()) < 0.8


@pytest.mark.slow
def test_its_accuracy_on_the_test_images_is_that_of_the_manifest() -> None:
    if not DEFAULT_FOLDER.is_dir():
        pytest.skip(f"{DEFAULT_FOLDER} is not here")
    test = read_idx_set(DEFAULT_FOLDER, "t10k")
    graph = torch.jit.load(EXPORT / "model.pt")  # type: ignore[no-untyped-call]

    with torch.inference_mode():
        chunks = torch.split(torch.from_numpy(test.images.astype(np.float32)), 500)
        answers = torch.cat([graph(chunk).argmax(dim=1) for chunk in chunks])

    accuracy = float((answers.numpy() == test.labels).mean())
    assert accuracy == pytest.approx(STATED["accuracy"], abs=2e-4)
