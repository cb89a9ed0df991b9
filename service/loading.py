"""From a folder of exports to models that are loaded, checked and warm."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from models.manifest import FORWARD
from service.batch import BatchLimits
from service.batch_room import room_of
from service.batcher import LOOP_PASS_S, Batcher
from service.errors import ExportBroken
from service.golden import check_golden
from service.memory import keep_memory
from service.passes.compiled_run import quickest_run
from service.passes.known import maker_of
from service.repository import Export, Repository
from service.rows import Run, bucket_of
from service.settings import Settings
from service.tasks import TASKS
from service.tasks.contract import Task
from service.threads import ThreadPlan
from service.warmup import Timing, example_inputs, shapes_to_warm, warm_up

# Passes of a quick shape on the event loop before the first request.
LOOP_ROUNDS = 2

logger = logging.getLogger("seqserve.loading")


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """An export that was loaded and checked; ``in_c`` tells what computes its forward passes."""

    export: Export
    task: Task[Any]
    run: Run
    in_c: bool = False


class LoadingStopped(Exception):
    """The process shall end before everything is loaded."""


def load_models(
    settings: Settings, plan: ThreadPlan, stopped: Callable[[], bool]
) -> list[LoadedModel]:
    """Load and check the active version of every model in the repository.

    Raises:
        StartupError: there is nothing to serve.
        ExportBroken: an export breaks the contract; the message names the file.
        LoadingStopped: ``stopped`` said so in between.
    """
    exports = Repository(settings.repository).active_exports()
    from service.runtime import apply_threads  # noqa: PLC0415 - torch takes a second to import

    apply_threads(plan)
    keep_memory()
    models = []
    for export in exports:
        if stopped():
            raise LoadingStopped
        models.append(load_export(export, settings))
    return models


def load_export(export: Export, settings: Settings) -> LoadedModel:
    """Load and check one export, and settle what computes its passes.

    Raises:
        ExportBroken: it breaks the contract; the message names the file.
    """
    from service.runtime import TorchScriptModel, computes_in  # noqa: PLC0415 - as above

    started_s = perf_counter()
    task = make_task(export)
    task.use_secret(settings.state_secret.get_secret_value().encode())
    reduced = export.manifest.reduced_precision
    if settings.precision == "float32" or not (reduced and computes_in(reduced.dtype)):
        reduced = None
    dtype, tolerance = (reduced.dtype, reduced.tolerance) if reduced else (None, None)
    maker = (
        maker_of(export.manifest.task, dtype or "float32") if settings.passes == "auto" else None
    )
    model = TorchScriptModel(export.folder, export.manifest, reduced=dtype, maker=maker)
    check_golden(model.run, export.manifest, export.folder, tolerance=tolerance)
    forward = export.manifest.all_methods[FORWARD]
    compiled = quickest_run(model.run, model.compiled, maker, forward)
    fields = {
        "model": export.manifest.name,
        "version": export.manifest.version,
        "precision": dtype or "float32",
        "pass": "compiled" if compiled else "graph",
        "load_ms": round((perf_counter() - started_s) * 1000),
    }
    logger.info("loaded and checked", extra={"fields": fields})
    return LoadedModel(export, task, compiled or model.run, in_c=compiled is not None)


def warm(model: LoadedModel, settings: Settings, stopped: Callable[[], bool]) -> list[Timing]:
    """Warm up a model; to be run on the thread that the model will compute on.

    Part of what torch prepares is kept for each thread: the first pass of the shipped classifier
    on another thread than it was warmed up on took thirty times as long as the next.
    """
    started_s = perf_counter()
    lengths, varies = model.task.warmup_lengths(), model.task.padding is not None
    shapes = shapes_to_warm(batch_limits(settings), lengths, varies=varies)
    manifest = model.export.manifest
    timings = warm_up(model.run, manifest, shapes, max_s=settings.warmup_max_s, stopped=stopped)
    fields = {
        "model": manifest.name,
        "passes": sum(timing.passes for timing in timings),
        "shapes": len(timings),
        "settled": sum(timing.settled for timing in timings),
        "warmup_ms": round((perf_counter() - started_s) * 1000),
    }
    logger.info("warm", extra={"fields": fields})
    return timings


def batch_limits(settings: Settings) -> BatchLimits:
    """What the settings allow in one pass and in the queue."""
    return BatchLimits(settings.max_batch_rows, settings.max_batch_cells, settings.max_queued_rows)


def prime(batcher: Batcher, model: LoadedModel, timings: Sequence[Timing]) -> None:
    """Tell the batcher what was measured: its first predictions are no guesses, passes fit."""
    padding, methods = model.task.padding, model.export.manifest.all_methods
    for timing in timings:
        names = {spec.name for spec in methods[timing.method].inputs}
        varies = padding is not None and padding.name in names
        lane = batcher.lane(timing.method, bucket_of(timing.length) if varies else 0)
        if timing.passes:
            lane.cycle.add(timing.rows, timing.fastest_s)
            lane.compute.add(timing.rows, timing.compute_s)
    for lane in batcher.lanes():
        lane.room = room_of(lane.compute, lane.room, LOOP_PASS_S)


async def warm_event_loop(model: LoadedModel, timings: Sequence[Timing]) -> None:
    """Run quick passes where they will run, one in a turn of the loop."""
    methods = model.export.manifest.all_methods
    for timing in timings:
        if timing.passes and timing.compute_s <= LOOP_PASS_S:
            for _ in range(LOOP_ROUNDS):
                inputs = example_inputs(methods[timing.method], timing.rows, timing.length)
                model.run(inputs, timing.method)
                await asyncio.sleep(0)


def make_task(export: Export) -> Task[Any]:
    """The task of an export, bound to its parameters.

    Raises:
        ExportBroken: the parameters or the files of the task do not fit.
    """
    manifest = export.manifest
    try:
        return TASKS[manifest.task](manifest, export.folder)
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise ExportBroken(
            f"{export.folder}: does not fit the task {manifest.task!r}: {error!r}"
        ) from error
