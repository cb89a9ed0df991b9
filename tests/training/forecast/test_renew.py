from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.export_folder import read_manifest
from training.errors import DataError
from training.export import load_graph
from training.fine_tuning.parent import Parent, find_parent
from training.forecast.renew import renew

SHIPPED = Path("models/repository/forecaster/1")
pytestmark = [
    pytest.mark.skipif(not SHIPPED.is_dir(), reason="this checkout ships no forecaster"),
    pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def parent() -> Parent:
    return find_parent(str(SHIPPED), SHIPPED.parents[1], "forecast")


@pytest.fixture(scope="module")
def renewed(parent: Parent, tmp_path_factory: pytest.TempPathFactory) -> Parent:
    folder = renew(parent, tmp_path_factory.mktemp("renewed"))
    return Parent(folder, read_manifest(folder))


def test_a_renewed_forecaster_has_the_same_weights_and_facts(
    parent: Parent, renewed: Parent
) -> None:
    old, new = parent.manifest, renewed.manifest
    weights = renewed.weights()

    assert all(torch.equal(weights[name], tensor) for name, tensor in parent.weights().items())
    training = {**new.training, "renewed": None}
    assert training == {**old.training, "renewed": None}
    alike = [replace(each, created="", files={}, training={}, versions={}) for each in (old, new)]
    assert alike[0] == alike[1]
    assert new.training["renewed"]["sha256"] == old.files["model.pt"].sha256


def test_a_renewed_forecaster_answers_as_before(parent: Parent, renewed: Parent) -> None:
    steps = np.arange(96)
    rows = np.stack([60 + np.sin(steps / 2) * scale + steps for scale in (1, 20)])
    told = torch.from_numpy(rows).float(), torch.tensor([12, 0])

    with torch.inference_mode():
        before, after = load_graph(parent.folder)(*told), load_graph(renewed.folder)(*told)

    for one, other in zip(before, after, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=0)


def test_weights_of_another_network_are_not_renewed(parent: Parent, tmp_path: Path) -> None:
    training = {"config": {**parent.options, "hidden_size": 10}}
    other = replace(parent, manifest=replace(parent.manifest, training=training))

    with pytest.raises(DataError, match="do not fit the network"):
        renew(other, tmp_path)
