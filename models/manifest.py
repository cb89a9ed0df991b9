"""The export contract: what an export says of itself, and which of it is allowed.

Both sides read this file: training writes manifests with it, the service refuses what does not
match. Standard library only, so that reading a manifest brings no torch along.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, Self

SCHEMA_VERSION = 1

Task = Literal["forecast", "classify", "next-word", "transduce"]
TASKS: tuple[Task, ...] = ("forecast", "classify", "next-word", "transduce")
FORWARD = "forward"
DTYPES = ("float32", "int64")
REDUCED_DTYPES = ("bfloat16", "int8")
# Modules of a graph that can multiply bytes have this attribute; unset, they compute in float32.
INT8_SWITCH = "multiplies_int8"
FORMATS = ("torchscript",)


class ManifestError(Exception):
    """An export's folder does not keep the contract; the message says where and how."""


@dataclass(frozen=True)
class TensorSpec:
    """A named input or output; ``-1`` in ``shape`` is an axis of variable length."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    axes: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise ManifestError(f"{self.name}: dtype must be one of {DTYPES}, got {self.dtype!r}")
        if len(self.shape) != len(self.axes):
            raise ManifestError(f"{self.name}: {len(self.shape)} sizes but {len(self.axes)} axes")


@dataclass(frozen=True)
class Method:
    """What a method of the graph takes, in order, and what it returns, in order."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


@dataclass(frozen=True)
class Metric:
    """A figure measured on ``split`` of ``data``, next to the baselines measured with it."""

    name: str
    data: str
    split: str
    value: float
    baselines: Mapping[str, float] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class ReducedPrecision:
    """Leave to compute in ``dtype`` where the processor can, and what that was measured to cost.

    ``bfloat16`` is for every product of the graph, ``int8`` for those of modules that have an
    attribute ``INT8_SWITCH``.
    ``tolerance`` is how far golden answers may be off then, counted as that of golden.json;
    ``metrics`` are those in both precisions, on validation data.
    """

    dtype: str
    tolerance: float
    metrics: tuple[Metric, ...]

    def __post_init__(self) -> None:
        if self.dtype not in REDUCED_DTYPES:
            raise ManifestError(
                f"reduced_precision: dtype must be one of {REDUCED_DTYPES}, got {self.dtype!r}"
            )
        if not self.metrics:
            raise ManifestError("reduced_precision: metrics must say what was measured")


@dataclass(frozen=True)
class DataSource:
    """A file that was trained or measured on, by name and digest."""

    name: str
    sha256: str
    role: str
    licence: str = ""


@dataclass(frozen=True)
class FileDigest:
    """Size and SHA-256 of a file of the export."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Manifest:
    """Everything that the service and a reader need to know of an export.

    ``parameters`` are the task's own (longest context, quantile levels, classes, tokenizer);
    ``training`` holds the command, the configuration, the seed, the commit and the wall time.
    ``inputs`` and ``outputs`` are those of ``forward``; ``methods`` are what else the graph has.
    """

    name: str
    version: str
    task: Task
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    parameters: Mapping[str, Any]
    metrics: tuple[Metric, ...]
    training: Mapping[str, Any]
    data: tuple[DataSource, ...]
    versions: Mapping[str, str]
    licence: str
    created: str
    files: Mapping[str, FileDigest]
    methods: Mapping[str, Method] = field(default_factory=dict)
    reduced_precision: ReducedPrecision | None = None
    format: str = "torchscript"
    schema_version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        if self.schema_version != SCHEMA_VERSION:
            raise ManifestError(
                f"schema_version must be {SCHEMA_VERSION}, got {self.schema_version!r}"
            )
        if self.task not in TASKS:
            raise ManifestError(f"task must be one of {TASKS}, got {self.task!r}")
        if self.format not in FORMATS:
            raise ManifestError(f"format must be one of {FORMATS}, got {self.format!r}")
        for name in self.methods:
            if name == FORWARD or name.startswith("_") or not name.isidentifier():
                raise ManifestError(f"methods: {name!r} cannot be the name of a further method")

    @property
    def all_methods(self) -> dict[str, Method]:
        """Every method that may be called, ``forward`` first."""
        return {FORWARD: Method(self.inputs, self.outputs), **self.methods}

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read a manifest.

        Raises:
            ManifestError: not JSON, a field is missing or unknown, or a value is not allowed.
        """
        try:
            return cls(**_typed(_known_fields(cls, json.loads(text))))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ManifestError(f"not a manifest: {error}") from error

    def to_json(self) -> str:
        """Render for people as well: indented, in the order of the fields."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _known_fields(cls: type[Manifest], raw: dict[str, Any]) -> dict[str, Any]:
    unknown = set(raw) - {known.name for known in fields(cls)}
    if unknown:
        raise ManifestError(f"unknown fields {sorted(unknown)}")
    return raw


def _typed(raw: dict[str, Any]) -> dict[str, Any]:
    return raw | {
        "inputs": _tensors(raw["inputs"]),
        "outputs": _tensors(raw["outputs"]),
        "methods": {name: _method(method) for name, method in raw.get("methods", {}).items()},
        "reduced_precision": _reduced(raw.get("reduced_precision")),
        "metrics": _metrics(raw["metrics"]),
        "data": tuple(DataSource(**source) for source in raw["data"]),
        "files": {name: FileDigest(**digest) for name, digest in raw["files"].items()},
    }


def _metrics(raw: list[dict[str, Any]]) -> tuple[Metric, ...]:
    return tuple(Metric(**metric) for metric in raw)


def _reduced(raw: dict[str, Any] | None) -> ReducedPrecision | None:
    return ReducedPrecision(**raw | {"metrics": _metrics(raw["metrics"])}) if raw else None


def _method(raw: dict[str, Any]) -> Method:
    return Method(_tensors(raw["inputs"]), _tensors(raw["outputs"]))


def _tensors(raw: list[dict[str, Any]]) -> tuple[TensorSpec, ...]:
    return tuple(_tensor(spec) for spec in raw)


def _tensor(raw: dict[str, Any]) -> TensorSpec:
    return TensorSpec(raw["name"], raw["dtype"], tuple(raw["shape"]), tuple(raw["axes"]))
