"""The export that a fine-tuning starts from: found, verified, and its weights taken out.

The weights come out of the TorchScript graph, after its digest was compared with the manifest's;
no other pickle is read.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from models.export_folder import (
    GOLDEN_FILE,
    MANIFEST_FILE,
    MODEL_FILE,
    active_version,
    verify_files,
)
from models.manifest import FORWARD, Manifest, ManifestError
from training.errors import DataError
from training.export import load_graph

# Where the shipped exports are, whatever --repository says.
SHIPPED = (Path("models/repository"), Path(__file__).parents[2] / "models" / "repository")


@dataclass(frozen=True)
class Parent:
    """An export whose files are those of its manifest."""

    folder: Path
    manifest: Manifest

    @property
    def label(self) -> str:
        """Name and version, as ``--from`` takes them."""
        return f"{self.manifest.name}/{self.manifest.version}"

    @property
    def options(self) -> Mapping[str, Any]:
        """The options that it was trained with, by name."""
        config = self.manifest.training.get("config", {})
        return config if isinstance(config, dict) else {}

    def provenance(self) -> dict[str, str]:
        """The ``from`` entry of the adapted export's ``training``."""
        digest = self.manifest.files[MODEL_FILE].sha256
        return {
            "name": self.manifest.name,
            "version": self.manifest.version,
            "sha256": digest,
            "created": self.manifest.created,
        }

    def weights(self) -> dict[str, Tensor]:
        """A copy of every parameter and buffer of the graph."""
        state = load_graph(self.folder).state_dict()
        return {name: tensor.detach().clone() for name, tensor in state.items()}

    def has_trained_on(self, sha256: str) -> bool:
        """Whether a file of this digest was trained on, as far as the manifest tells."""
        return any(s.sha256 == sha256 and "training" in s.role for s in self.manifest.data)


def find_parent(given: str, repository: Path, task: str) -> Parent:
    """The export that ``--from`` names: in ``repository``, among the shipped ones, or a folder.

    Raises:
        DataError: there is none, a file differs from its digest, or it has another task.
    """
    folder = _folder_of(given, repository)
    try:
        manifest = Manifest.from_json((folder / MANIFEST_FILE).read_bytes())
        verify_files(folder, manifest)
    except (ManifestError, OSError) as error:
        raise DataError(f"--from {given}: {error}") from error
    if manifest.task != task:
        raise DataError(
            f"--from {given}: its task is {manifest.task}, but this command trains for {task}"
        )
    return Parent(folder, manifest)


def load_into(network: nn.Module, parent: Parent) -> None:
    """Give ``network`` the parent's weights.

    Raises:
        DataError: the weights do not fit this version's network.
    """
    try:
        network.load_state_dict(parent.weights())
    except RuntimeError as error:
        raise DataError(
            f"--from {parent.label}: its weights do not fit the network of this version of "
            f"seqserve ({str(error).splitlines()[0]}); adapt an export made with this version"
        ) from error


def check_answers(network: nn.Module, parent: Parent) -> None:
    """Compare ``network``, on the CPU, with the golden answers of ``forward`` of its parent.

    Raises:
        DataError: it answers otherwise: the code has changed since that export was made.
    """
    golden = json.loads((parent.folder / GOLDEN_FILE).read_bytes())
    network.eval()
    for example in golden["examples"]:
        if example.get("method", FORWARD) != FORWARD:
            continue
        inputs = [_tensor(example["inputs"][s.name], s.dtype) for s in parent.manifest.inputs]
        with torch.inference_mode():
            returned = network(*inputs)
        outputs = returned if isinstance(returned, tuple) else (returned,)
        for spec, output in zip(parent.manifest.outputs, outputs, strict=True):
            truth = _tensor(example["outputs"][spec.name], spec.dtype).double()
            _compare(output.double(), truth, golden["tolerance"], parent)


def adapted_name(parent: Parent, data: Path) -> str:
    """A name of its own for the adapted model: the parent's and the data's."""
    stem = re.sub(r"[^a-z0-9]+", "-", data.name.split(".")[0].lower()).strip("-")
    return f"{parent.manifest.name}-{stem or 'adapted'}"


def _compare(output: Tensor, truth: Tensor, tolerance: float, parent: Parent) -> None:
    scale = max(1.0, float(truth.abs().nan_to_num().max())) if truth.numel() else 1.0
    same = output.shape == truth.shape and torch.allclose(
        output, truth, rtol=0.0, atol=tolerance * scale, equal_nan=True
    )
    if not same:
        raise DataError(
            f"--from {parent.label}: with its weights the network of this version of seqserve "
            "answers otherwise than the export; adapt an export made with this version"
        )


def _tensor(values: Any, dtype: str) -> Tensor:
    return torch.tensor(_without_none(values), dtype=getattr(torch, dtype))


def _without_none(values: Any) -> Any:
    if isinstance(values, list):
        return [_without_none(value) for value in values]
    return float("nan") if values is None else values


def _folder_of(given: str, repository: Path) -> Path:
    path = Path(given)
    if (path / MANIFEST_FILE).is_file():
        return path
    name, _, version = given.partition("/")
    for place in (repository, *SHIPPED):
        model_folder = place / name
        if not name or not model_folder.is_dir():
            continue
        try:
            folder = model_folder / (version or active_version(model_folder))
        except ManifestError:
            continue
        if (folder / MANIFEST_FILE).is_file():
            return folder
    raise DataError(
        f"--from {given}: there is no such export in {repository}; give a name, name/version, or "
        "the folder of an export (`seqserve models list` shows what there is)"
    )
