"""What a server could do at most: its own parse, forward pass and encode, with no server around.

Run as ``python -m benchmarks.serving.roofline MODEL ITEMS BATCH SECONDS REPOSITORY``: prints one
line of JSON. BATCH requests are parsed, share passes as the batcher would form them, and are
encoded one by one; so a request at C connections gets the company that it would have at best.
"""

import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from benchmarks.serving.cases import CASES, Case, requests_of
from benchmarks.serving.contestants import only
from service.fast_json import read_images, read_series
from service.loading import load_models
from service.rows import Rows, Selection, by_bucket, collate
from service.settings import Settings
from service.threads import plan_threads

READERS = {"digits": read_images, "forecaster": read_series}
WARM_UP_PASSES = 5


@dataclass(frozen=True)
class Roof:
    """Requests for each second of processor time, and where the milliseconds of a request go."""

    requests_per_cpu_s: float
    parse_ms: float
    forward_ms: float
    encode_ms: float


class Bare:
    """The parts of this service that a request cannot do without."""

    def __init__(self, repository: Path, model: str) -> None:
        settings = Settings(repository=only(repository, model))
        (loaded,) = load_models(settings, plan_threads(1, 1), lambda: False)
        self.task = loaded.task
        self.run: Any = loaded.run
        self.read: Any = READERS[model]
        self.max_rows = settings.max_batch_rows
        self.spent = [0.0, 0.0, 0.0]

    def answer(self, bodies: list[bytes]) -> list[bytes]:
        """Answer some requests together, and note the time of each step."""
        started = time.process_time()
        requests = [self.read(body) for body in bodies]
        rows = [self.task.decode(request) for request in requests]
        parsed = time.process_time()
        outputs = self._passes(rows)
        computed = time.process_time()
        answers = [
            orjson.dumps(self.task.encode(request, output), option=orjson.OPT_SERIALIZE_NUMPY)
            for request, output in zip(requests, outputs, strict=True)
        ]
        ends = (parsed - started, computed - parsed, time.process_time() - computed)
        self.spent = [total + took for total, took in zip(self.spent, ends, strict=True)]
        return answers

    def _passes(self, requests: list[Rows]) -> list[dict[str, Any]]:
        """The outputs of each request; passes hold rows of one length bucket, as in the batcher."""
        buckets: dict[int, list[tuple[int, Selection]]] = {}
        for at, rows in enumerate(requests):
            for bucket, selection in by_bucket(rows):
                buckets.setdefault(bucket, []).extend((at, each) for each in self._cut(selection))
        done: list[dict[str, list[Any]]] = [{} for _ in requests]
        for queue in buckets.values():
            for batch in self._batches(queue):
                outputs = self.run(collate([each for _, each in batch], self.task.padding))
                start = 0
                for at, selection in batch:
                    for name, array in outputs.items():
                        part = array[start : start + selection.size]
                        done[at].setdefault(name, []).append(part)
                    start += selection.size
        return [
            {
                name: np.concatenate(parts) if len(parts) > 1 else parts[0]
                for name, parts in each.items()
            }
            for each in done
        ]

    def _cut(self, selection: Selection) -> list[Selection]:
        parts = []
        while selection.size > self.max_rows:
            head, selection = selection.split(self.max_rows)
            parts.append(head)
        return [*parts, selection]

    def _batches(self, queue: list[tuple[int, Selection]]) -> list[list[tuple[int, Selection]]]:
        batches: list[list[tuple[int, Selection]]] = [[]]
        for each in queue:
            if batches[-1] and sum(part.size for _, part in batches[-1]) + each[1].size > (
                self.max_rows
            ):
                batches.append([])
            batches[-1].append(each)
        return batches


def measure(repository: Path, case: Case, batch: int, seconds: float) -> Roof:
    """Answer batches of the requests of a case for ``seconds``."""
    bare = Bare(repository, case.model)
    bodies = [orjson.dumps(request) for request in requests_of(case, repository)]
    group = [bodies[at % len(bodies)] for at in range(batch)]
    for _ in range(WARM_UP_PASSES):
        bare.answer(group)
    bare.spent = [0.0, 0.0, 0.0]
    n_requests, end = 0, time.perf_counter() + seconds
    used = time.process_time()
    while time.perf_counter() < end:
        bare.answer(group)
        n_requests += batch
    used = time.process_time() - used
    parse, forward, encode = (spent / n_requests * 1e3 for spent in bare.spent)
    return Roof(n_requests / used, parse, forward, encode)


def main(arguments: list[str]) -> None:
    """Measure one case in this process."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    model, items, batch, seconds, repository = arguments
    (case,) = [each for each in CASES if (each.model, each.items) == (model, int(items))]
    roof = measure(Path(repository), case, int(batch), float(seconds))
    print(orjson.dumps(asdict(roof)).decode())


if __name__ == "__main__":
    main(sys.argv[1:])
