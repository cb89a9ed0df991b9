"""An export written again with this version's code: the same weights and facts, a new graph."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from models.export_folder import GOLDEN_FILE, MODEL_FILE, REPORT_FILE
from models.manifest import FORWARD, Manifest
from training.draft import Draft
from training.fine_tuning.parent import Parent
from training.provenance import git_commit

_OWN_FILES = {MODEL_FILE, GOLDEN_FILE, REPORT_FILE}


def draft_again(parent: Parent) -> Draft:
    """What ``parent`` was written from, and in ``training`` that it was written again.

    Figures, report and files are those of the old export; its golden inputs are answered anew.
    """
    manifest, folder = parent.manifest, parent.folder
    golden = json.loads((folder / GOLDEN_FILE).read_bytes())
    examples: dict[str, list[dict[str, Any]]] = {name: [] for name in manifest.all_methods}
    for example in golden["examples"]:
        examples[example["method"]].append(_arrays(manifest, example))
    return Draft(
        name=manifest.name,
        task=manifest.task,
        inputs=manifest.inputs,
        outputs=manifest.outputs,
        parameters=manifest.parameters,
        golden=examples.pop(FORWARD),
        methods=manifest.methods,
        method_golden=examples,
        metrics=manifest.metrics,
        training={**manifest.training, "renewed": _renewed(parent)},
        data=manifest.data,
        licence=manifest.licence,
        report_html=(folder / REPORT_FILE).read_text(encoding="utf-8"),
        tolerance=golden["tolerance"],
        files={name: (folder / name).read_bytes() for name in set(manifest.files) - _OWN_FILES},
    )


def _renewed(parent: Parent) -> dict[str, str]:
    """Which graph had these weights before, and the code that made the one of now."""
    return {**parent.provenance(), "git_commit": git_commit()}


def _arrays(manifest: Manifest, example: Mapping[str, Any]) -> dict[str, Any]:
    inputs = manifest.all_methods[example["method"]].inputs
    return {spec.name: np.array(example["inputs"][spec.name], spec.dtype) for spec in inputs}
