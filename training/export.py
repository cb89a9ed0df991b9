"""From a trained network to a folder that the service may serve, checked before it is shown.

``torch.jit`` appears here and in ``service/runtime.py`` only (docs/decisions/0001-torchscript.md).
"""

import contextlib
import copy
import datetime
import io
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from models import export_folder as folders
from models.manifest import (
    FORWARD,
    INT8_SWITCH,
    Manifest,
    TensorSpec,
)
from training.draft import Arrays, Draft
from training.errors import ExportError
from training.provenance import library_versions


def write_export(network: nn.Module, draft: Draft, repository: Path) -> Path:
    """Script ``network``, check it against itself, and rename it into place as a new version.

    Every method takes its inputs in the draft's order and returns its outputs in that order.

    Raises:
        ExportError: the scripted graph answers otherwise than the network, an output breaks its
            declared shape, or a method lacks an example. Nothing is left behind.
    """
    _require_examples(draft)
    model_folder = repository / draft.name
    model_folder.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".export-", dir=model_folder))
    try:
        _write_files(network.eval(), draft, staging)
        version = _next_version(model_folder)
        manifest = _manifest(draft, version, staging)
        (staging / folders.MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
        staging.chmod(0o755)
        os.rename(staging, model_folder / version)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        with contextlib.suppress(OSError):  # other versions live there
            model_folder.rmdir()
        raise
    return model_folder / version


def _require_examples(draft: Draft) -> None:
    missing = [name for name in draft.methods if not draft.method_golden.get(name)]
    unknown = set(draft.method_golden) - set(draft.methods)
    if missing or unknown:
        raise ExportError(
            f"method_golden needs an example of each method: {missing} lack one, "
            f"{sorted(unknown)} are no methods"
        )


def as_exported(network: nn.Module) -> nn.Module:
    """The scripted graph of ``network``, written and read again, without a folder or a check."""
    stream = io.BytesIO()
    torch.jit.save(torch.jit.script(network), stream)
    stream.seek(0)
    graph: nn.Module = torch.jit.load(stream)  # type: ignore[no-untyped-call]
    return graph


def _write_files(network: nn.Module, draft: Draft, folder: Path) -> None:
    scripted = _scripted(network, list(draft.methods))
    scripted.save(str(folder / folders.MODEL_FILE))
    loaded = load_graph(folder)
    examples = [
        _golden_example(network, loaded, draft, inputs, method)
        for method, golden in draft.all_golden.items()
        for inputs in golden
    ]
    golden = {"tolerance": draft.tolerance, "examples": examples}
    (folder / folders.GOLDEN_FILE).write_text(json.dumps(golden, allow_nan=False) + "\n")
    (folder / folders.REPORT_FILE).write_text(draft.report_html, encoding="utf-8")
    for name, content in draft.files.items():
        (folder / name).write_bytes(content)


def load_graph(folder: Path) -> Any:
    """The graph of an export, ready to be called."""
    return torch.jit.load(str(folder / folders.MODEL_FILE)).eval()  # type: ignore[no-untyped-call]


def load_frozen(folder: Path, *, int8: bool = False) -> Any:
    """The graph of an export with its methods, weights folded into it as the service does it.

    With ``int8`` the modules that can compute in it do.
    """
    methods = list(folders.read_manifest(folder).methods)
    graph = load_graph(folder)
    for module in graph.modules():
        if int8 and hasattr(module, INT8_SWITCH):
            setattr(module, INT8_SWITCH, True)
    return torch.jit.freeze(graph, preserved_attrs=methods)


def _scripted(network: nn.Module, methods: list[str]) -> Any:
    """Script ``forward`` and ``methods``, so that networks need not know of TorchScript.

    A class of its own: torch remembers which methods of a class it compiled, and would not add any.
    """
    if methods:
        cls = type(network)
        network = copy.copy(network)
        network.__class__ = type(cls.__name__, (cls,), {"__module__": cls.__module__})
        for name in methods:
            torch.jit.export(getattr(cls, name))
    return torch.jit.script(network)


def _golden_example(
    network: nn.Module, loaded: nn.Module, draft: Draft, inputs: Arrays, method: str
) -> dict[str, Any]:
    expected = run(network, draft, inputs, method)
    _compare(expected, run(loaded, draft, inputs, method), draft.tolerance)
    return {
        "method": method,
        "inputs": {name: to_json(array) for name, array in inputs.items()},
        "outputs": {name: to_json(array) for name, array in expected.items()},
    }


def run(
    network: nn.Module, draft: Draft, inputs: Arrays, method: str = FORWARD
) -> dict[str, npt.NDArray[Any]]:
    """Call ``method`` of ``network`` with its inputs in order and name its outputs.

    Raises:
        ExportError: an output has another rank or a fixed size other than declared.
    """
    specs = draft.all_methods[method]
    tensors = [torch.from_numpy(np.ascontiguousarray(inputs[spec.name])) for spec in specs.inputs]
    with torch.inference_mode():
        returned = getattr(network, method)(*tensors)
    outputs = returned if isinstance(returned, tuple) else (returned,)
    named = {spec.name: output.numpy() for spec, output in zip(specs.outputs, outputs, strict=True)}
    for spec in specs.outputs:
        _check_shape(spec, named[spec.name])
    return named


def _check_shape(spec: TensorSpec, array: npt.NDArray[Any]) -> None:
    fits = array.ndim == len(spec.shape) and all(
        declared in (-1, actual) for declared, actual in zip(spec.shape, array.shape, strict=True)
    )
    if not fits or str(array.dtype) != spec.dtype:
        raise ExportError(
            f"output {spec.name} is {array.dtype}{array.shape}, declared {spec.dtype}{spec.shape}"
        )


def _compare(expected: Arrays, actual: Arrays, tolerance: float) -> None:
    for name, array in expected.items():
        scale = max(1.0, float(np.nanmax(np.abs(array), initial=0.0)))
        if not np.allclose(actual[name], array, rtol=0.0, atol=tolerance * scale, equal_nan=True):
            raise ExportError(f"the scripted graph answers otherwise than the network: {name}")


def to_json(array: npt.NDArray[Any]) -> Any:
    """Nested lists, with ``None`` for NaN."""
    if array.dtype.kind != "f":
        return array.tolist()
    plain = array.astype(object)
    plain[np.isnan(array)] = None
    return plain.tolist()


def _next_version(model_folder: Path) -> str:
    versions = folders.versions_of(model_folder)
    return str(int(versions[-1]) + 1) if versions else "1"


def _manifest(draft: Draft, version: str, folder: Path) -> Manifest:
    names = sorted(path.name for path in folder.iterdir())
    return Manifest(
        name=draft.name,
        version=version,
        task=draft.task,
        inputs=draft.inputs,
        outputs=draft.outputs,
        methods=dict(draft.methods),
        parameters=draft.parameters,
        metrics=tuple(draft.metrics),
        training=draft.training,
        data=tuple(draft.data),
        versions=library_versions(),
        licence=draft.licence,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        files={name: folders.digest_file(folder / name) for name in names},
    )
