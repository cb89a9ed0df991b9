"""From a folder of exports to models that are loaded, checked and warm. Runs on threads."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from service.errors import ExportBroken
from service.golden import check_golden
from service.repository import Export, Repository
from service.rows import Run
from service.settings import Settings
from service.tasks import TASKS
from service.tasks.contract import Task
from service.threads import ThreadPlan
from service.warmup import shapes_to_warm, warm_up

logger = logging.getLogger("seqserve.loading")


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """An export that was loaded and checked."""

    export: Export
    task: Task[Any]
    run: Run


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
    models = []
    for export in exports:
        if stopped():
            raise LoadingStopped
        models.append(_load(export, settings))
    return models


def _load(export: Export, settings: Settings) -> LoadedModel:
    from service.runtime import TorchScriptModel  # noqa: PLC0415 - as above

    started_s = perf_counter()
    task = make_task(export)
    task.use_secret(settings.state_secret.get_secret_value().encode())
    model = TorchScriptModel(export.folder, export.manifest)
    check_golden(model.run, export.manifest, export.folder)
    fields = {
        "model": export.manifest.name,
        "version": export.manifest.version,
        "load_ms": round((perf_counter() - started_s) * 1000),
    }
    logger.info("loaded and checked", extra={"fields": fields})
    return LoadedModel(export, task, model.run)


def warm(model: LoadedModel, settings: Settings, stopped: Callable[[], bool]) -> None:
    """Warm up a model; to be run on the thread that the model will compute on.

    Part of what torch prepares is kept for each thread: the first pass of the shipped classifier
    on another thread than it was warmed up on took thirty times as long as the next.
    """
    started_s = perf_counter()
    shapes = shapes_to_warm(settings.max_batch_rows, model.task.warmup_lengths())
    manifest = model.export.manifest
    passes = warm_up(model.run, manifest, shapes, max_s=settings.warmup_max_s, stopped=stopped)
    fields = {
        "model": manifest.name,
        "passes": passes,
        "warmup_ms": round((perf_counter() - started_s) * 1000),
    }
    logger.info("warm", extra={"fields": fields})


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
