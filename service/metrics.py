"""What the service counts, and its text format for Prometheus.

Counting is local to a process and cheap. What a process counted is a tree of plain lists, the
samples, so that those of several workers can travel and be added up (``shared_metrics.py``).

Source: https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4)
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from service.batch_stats import BATCH_SIZES
from service.registry import Registry
from service.stream_stats import StreamStats

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
DURATIONS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

Labels = tuple[tuple[str, str], ...]
# By family and labels: one value, or for a histogram the counts by bound, those beyond, the sum.
Samples = dict[tuple[str, Labels], list[float]]


@dataclass(frozen=True, slots=True)
class Family:
    """A metric: its name, what it counts, and for a histogram its upper bounds."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    text: str
    bounds: tuple[float, ...] = ()


# Counter of a model, what it counts, and the field of BatchStats that holds it.
MODEL_COUNTERS = (
    ("model_requests_total", "Requests answered by the model.", "requests"),
    ("batches_total", "Batches computed.", "batches"),
    ("rows_total", "Rows computed.", "rows"),
    ("cells_total", "Cells computed that held data.", "real_cells"),
    ("padded_cells_total", "Cells computed, padding included.", "padded_cells"),
    ("dropped_rows_total", "Rows dropped because their caller had left.", "dropped_rows"),
    ("refused_total", "Requests refused: full queue, or too late for them.", "refused_requests"),
    ("expired_total", "Requests whose deadline passed before the answer.", "expired_requests"),
    ("failed_batches_total", "Batches that failed and were bisected.", "failed_batches"),
    ("loop_batches_total", "Batches computed on the event loop.", "loop_batches"),
    ("queue_seconds_total", "Waiting of requests before their first pass.", "queue_s"),
    ("compute_seconds_total", "Time spent in batches.", "compute_s"),
)

FAMILIES = (
    Family("processors", "gauge", "Processors that affinity and quota grant."),
    Family("workers", "gauge", "Worker processes that are planned."),
    Family("threads", "gauge", "Threads inside one forward pass."),
    Family("worker_replacements_total", "counter", "Workers that died and got a successor."),
    Family("ready", "gauge", "Whether all models of a worker are loaded, checked and warm."),
    Family("connections", "gauge", "Open connections of a worker."),
    Family("resident_bytes", "gauge", "Resident memory of a worker."),
    Family("open_files", "gauge", "Open file descriptors of a worker."),
    Family("requests_total", "counter", "Requests answered, by route and status."),
    Family(
        "request_seconds", "histogram", "From the head read to the answer written.", DURATIONS_S
    ),
    Family("predictions_total", "counter", "Predictions by path: fast, or full."),
    Family("streams", "gauge", "Open WebSockets of /transduce/stream."),
    Family("streams_total", "counter", "WebSockets that ended, by close code."),
    Family("stream_messages_total", "counter", "Messages with samples that were read."),
    Family("stream_samples_total", "counter", "Samples that were read from WebSockets."),
    *(Family(name, "counter", text) for name, text, _ in MODEL_COUNTERS),
    Family("waiting_rows", "gauge", "Rows that wait for a pass now."),
    Family("batch_rows", "histogram", "Rows in each batch.", BATCH_SIZES),
)

GAUGES = frozenset(family.name for family in FAMILIES if family.kind == "gauge")


@dataclass(slots=True)
class Histogram:
    """Counts by upper bound, the last one for all beyond, and the sum of what was counted."""

    bounds: tuple[float, ...]
    counts: list[int]
    total: float = 0.0

    def add(self, value: float, times: int = 1) -> None:
        """Count ``value``, that many times."""
        self.counts[bisect_left(self.bounds, value)] += times
        self.total += times * value


class RequestMetrics:
    """Requests by route and status, and how long they took by route."""

    def __init__(self) -> None:
        self.statuses: dict[tuple[str, int], int] = defaultdict(int)
        self.durations: dict[str, Histogram] = {}
        self.paths: dict[tuple[str, str], int] = defaultdict(int)

    def count(self, route: str, status: int, seconds: float, requests: int = 1) -> None:
        """Count requests; ``route`` is a pattern, never a path that a caller made up."""
        self.statuses[route, status] += requests
        if route not in self.durations:
            self.durations[route] = Histogram(DURATIONS_S, [0] * (len(DURATIONS_S) + 1))
        self.durations[route].add(seconds, requests)

    def samples(self) -> Samples:
        """All that was counted."""
        found: Samples = {
            ("requests_total", (("route", route), ("status", str(status)))): [count]
            for (route, status), count in self.statuses.items()
        }
        for route, histogram in self.durations.items():
            key = ("request_seconds", (("route", route),))
            found[key] = [*histogram.counts, histogram.total]
        for (route, path), count in self.paths.items():
            found["predictions_total", (("route", route), ("path", path))] = [count]
        return found


def stream_samples(stats: StreamStats) -> Samples:
    """What the WebSockets of a process counted."""
    ended: Samples = {
        ("streams_total", (("code", str(code)),)): [count] for code, count in stats.ended.items()
    }
    return ended | {
        ("streams", ()): [stats.open],
        ("stream_messages_total", ()): [stats.messages],
        ("stream_samples_total", ()): [stats.samples],
    }


def model_samples(registry: Registry) -> Samples:
    """What the batchers of all models counted."""
    found: Samples = {}
    for name, model in registry.models.items():
        labels = (("model", name), ("version", model.version))
        stats = model.batcher.stats
        for family, _, attribute in MODEL_COUNTERS:
            found[family, labels] = [getattr(stats, attribute)]
        found["waiting_rows", labels] = [model.batcher.waiting_rows]
        found["batch_rows", labels] = [*stats.sizes, stats.rows]
    return found


def render(samples: Samples) -> str:
    """``samples`` as text, every family with its head, also one without samples."""
    by_family: dict[str, list[tuple[Labels, list[float]]]] = defaultdict(list)
    for (name, labels), values in sorted(samples.items()):
        by_family[name].append((labels, values))
    lines: list[str] = []
    for family in FAMILIES:
        lines.append(f"# HELP seqserve_{family.name} {family.text}")
        lines.append(f"# TYPE seqserve_{family.name} {family.kind}")
        for labels, values in by_family[family.name]:
            lines += _lines(family, labels, values)
    return "\n".join(lines) + "\n"


def _lines(family: Family, labels: Labels, values: list[float]) -> Iterator[str]:
    if family.kind != "histogram":
        yield _line(family.name, labels, values[0])
        return
    *counts, total = values
    reached = 0.0
    for bound, count in zip([*family.bounds, "+Inf"], counts, strict=True):
        reached += count
        yield _line(f"{family.name}_bucket", (*labels, ("le", str(bound))), reached)
    yield _line(f"{family.name}_sum", labels, total)
    yield _line(f"{family.name}_count", labels, reached)


def _line(name: str, labels: Iterable[tuple[str, str]], value: float) -> str:
    inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
    # A whole number stays one: %g would round a large count.
    shown = int(value) if value == int(value) else value
    return f"seqserve_{name}{{{inside}}} {shown}" if inside else f"seqserve_{name} {shown}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
