"""What a family hands to the exporter: a network's inputs, outputs, examples and description."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from models.manifest import FORWARD, DataSource, Method, Metric, Task, TensorSpec

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """All that a family knows of its export; the exporter adds digests, versions and checks.

    ``golden`` are example inputs by name; the network's own answers to them become the golden
    outputs. ``tolerance`` is the largest difference allowed, relative to the largest magnitude of
    the output or absolute below 1. ``files`` are extra files of the task, such as a vocabulary.
    ``methods`` are those that the service may call besides ``forward``; each needs at least one
    example in ``method_golden``.
    """

    name: str
    task: Task
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    parameters: Mapping[str, Any]
    golden: Sequence[Arrays]
    metrics: Sequence[Metric]
    training: Mapping[str, Any]
    data: Sequence[DataSource]
    licence: str
    report_html: str
    tolerance: float = 1e-4
    files: Mapping[str, bytes] = field(default_factory=dict)
    methods: Mapping[str, Method] = field(default_factory=dict)
    method_golden: Mapping[str, Sequence[Arrays]] = field(default_factory=dict)

    @property
    def all_methods(self) -> dict[str, Method]:
        """Every method of the export, ``forward`` first."""
        return {FORWARD: Method(self.inputs, self.outputs), **self.methods}

    @property
    def all_golden(self) -> dict[str, Sequence[Arrays]]:
        """Example inputs of every method."""
        return {FORWARD: self.golden, **self.method_golden}
