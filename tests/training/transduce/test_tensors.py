from pathlib import Path

import numpy as np
import pytest
import torch

from models.cells import CELLS
from models.export_folder import read_manifest
from models.manifest import Metric
from models.transducer import Transducer, TransducerSizes
from training.draft import Draft
from training.export import write_export
from training.transduce.tensors import golden_signals, transducer_inputs, transducer_outputs

B, T, H = 3, 11, 5


@pytest.mark.parametrize("half_life", [0.0, 40.0], ids=["plain", "running scale"])
@pytest.mark.parametrize("cell", sorted(CELLS))
def test_every_cell_becomes_an_export_that_answers_like_the_network(
    cell: str, half_life: float, tmp_path: Path
) -> None:
    sizes = TransducerSizes(cell=cell, hidden_size=H, n_layers=2, scale_half_life=half_life)
    network = Transducer(sizes)
    signals = np.random.default_rng(1).normal(size=(B, T)).astype(np.float32)

    folder = write_export(network, draft(network, signals), tmp_path)

    manifest = read_manifest(folder)
    graph = torch.jit.load(folder / "model.pt")  # type: ignore[no-untyped-call]
    states = torch.rand(B, network.state_size)
    lengths = torch.tensor([4, 11, 7])
    assert manifest.inputs[2].shape == (-1, network.state_size)
    for exported, own in zip(
        graph(torch.from_numpy(signals), lengths, states),
        network(torch.from_numpy(signals), lengths, states),
        strict=True,
    ):
        torch.testing.assert_close(exported, own)


def draft(network: Transducer, signals: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> Draft:
    return Draft(
        name="tiny",
        task="transduce",
        inputs=transducer_inputs(network.state_size),
        outputs=transducer_outputs(network.state_size),
        parameters={"state_size": network.state_size},
        golden=golden_signals(signals, network.state_size),
        metrics=[Metric("rmse", "made up", "test", 1.0)],
        training={},
        data=[],
        licence="Apache-2.0",
        report_html="<!doctype html>",
    )


def test_golden_signals_hold_rows_of_different_lengths() -> None:
    signals = np.arange(22, dtype=np.float32).reshape(2, T)

    whole, cut = golden_signals(signals, 3)

    assert whole["lengths"].tolist() == [T, T]
    assert not whole["states"].any()
    assert cut["lengths"].tolist() == [10, 5]
    assert cut["signals"][1].tolist() == [11, 12, 13, 14, 15, 0, 0, 0, 0, 0, 0]
    assert cut["states"].shape == (2, 3)
