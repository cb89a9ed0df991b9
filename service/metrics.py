"""Counters of this process in the text format of Prometheus.

Every worker process counts for itself, under its ``process`` label, so that each series only grows
whichever worker a scrape happens to reach.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4)
"""

import os
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from service.batch_stats import BATCH_SIZES, BatchStats
from service.registry import Registry

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
DURATIONS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

Labels = Mapping[str, object]


# Counter of a model, what it counts, and the field of BatchStats that holds it.
MODEL_COUNTERS = (
    ("model_requests_total", "Requests answered by the model.", "requests"),
    ("batches_total", "Batches computed.", "batches"),
    ("rows_total", "Rows computed.", "rows"),
    ("cells_total", "Cells computed that held data.", "real_cells"),
    ("padded_cells_total", "Cells computed, padding included.", "padded_cells"),
    ("dropped_rows_total", "Rows dropped because their caller had left.", "dropped_rows"),
    ("queue_seconds_total", "Waiting of requests before their first pass.", "queue_s"),
    ("compute_seconds_total", "Time spent in batches.", "compute_s"),
)


@dataclass(slots=True)
class Histogram:
    """Counts by upper bound, the last one for all beyond, and the sum of what was counted."""

    bounds: tuple[float, ...]
    counts: list[int]
    total: float = 0.0

    def add(self, value: float) -> None:
        """Count ``value``."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class RequestMetrics:
    """Requests by route and status, and how long they took by route."""

    def __init__(self) -> None:
        self.statuses: dict[tuple[str, int], int] = defaultdict(int)
        self.durations: dict[str, Histogram] = {}

    def count(self, route: str, status: int, seconds: float) -> None:
        """Count one request; ``route`` is a pattern, never a path that a caller made up."""
        self.statuses[route, status] += 1
        if route not in self.durations:
            self.durations[route] = Histogram(DURATIONS_S, [0] * (len(DURATIONS_S) + 1))
        self.durations[route].add(seconds)


def render(requests: RequestMetrics, registry: Registry | None) -> str:
    """All metrics as text; without a registry, those of models are left out."""
    lines = [*_head("ready", "gauge", "Whether all models are loaded, checked and warm.")]
    lines.append(_sample("ready", {}, int(registry is not None)))
    lines += _requests(requests)
    if registry is not None:
        lines += _models(registry)
    return "\n".join(lines) + "\n"


def _requests(requests: RequestMetrics) -> Iterator[str]:
    yield from _head("requests_total", "counter", "Requests answered, by route and status.")
    for (route, status), count in requests.statuses.items():
        yield _sample("requests_total", {"route": route, "status": status}, count)
    yield from _head("request_seconds", "histogram", "From the head read to the answer written.")
    for route, histogram in requests.durations.items():
        yield from _histogram("request_seconds", {"route": route}, histogram)


def _models(registry: Registry) -> Iterator[str]:
    models = [
        ({"model": name, "version": model.version}, model.batcher)
        for name, model in registry.models.items()
    ]
    for name, text, attribute in MODEL_COUNTERS:
        yield from _head(name, "counter", text)
        for labels, batcher in models:
            yield _sample(name, labels, getattr(batcher.stats, attribute))
    yield from _head("waiting_rows", "gauge", "Rows that wait for a pass now.")
    for labels, batcher in models:
        yield _sample("waiting_rows", labels, batcher.waiting_rows)
    yield from _head("batch_rows", "histogram", "Rows in each batch.")
    for labels, batcher in models:
        yield from _histogram("batch_rows", labels, _sizes(batcher.stats))


def _sizes(stats: BatchStats) -> Histogram:
    return Histogram(BATCH_SIZES, list(stats.sizes), stats.rows)


def _head(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP seqserve_{name} {text}"
    yield f"# TYPE seqserve_{name} {kind}"


def _histogram(name: str, labels: Labels, histogram: Histogram) -> Iterator[str]:
    reached = 0
    for bound, count in zip([*histogram.bounds, "+Inf"], histogram.counts, strict=True):
        reached += count
        yield _sample(f"{name}_bucket", {**labels, "le": bound}, reached)
    yield _sample(f"{name}_sum", labels, histogram.total)
    yield _sample(f"{name}_count", labels, reached)


def _sample(name: str, labels: Labels, value: float) -> str:
    pairs: Iterable[tuple[str, object]] = [*labels.items(), ("process", os.getpid())]
    inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in pairs)
    return f"seqserve_{name}{{{inside}}} {value}"


def _escaped(text: object) -> str:
    return str(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
