"""From a folder of exports to models that are loaded, checked and warm. Runs on a thread."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from service.errors import ExportBroken
from service.golden import check_golden
from service.repository import Export, Repository
from service.rows import Arrays
from service.settings import Settings
from service.tasks import TASKS
from service.tasks.contract import Task
from service.threads import ThreadPlan
from service.warmup import shapes_to_warm, warm_up

logger = logging.getLogger("seqserve.loading")


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """An export that was loaded, checked and warmed up."""

    export: Export
    task: Task[Any]
    run: Callable[[Arrays], Arrays]


class LoadingStopped(Exception):
    """The process shall end before everything is loaded."""


def load_models(
    settings: Settings, plan: ThreadPlan, stopped: Callable[[], bool]
) -> list[LoadedModel]:
    """Load the active version of every model in the repository.

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
        models.append(_load(export, settings, stopped))
    return models


def _load(export: Export, settings: Settings, stopped: Callable[[], bool]) -> LoadedModel:
    from service.runtime import TorchScriptModel  # noqa: PLC0415 - as above

    started_s = perf_counter()
    task = make_task(export)
    model = TorchScriptModel(export.folder, export.manifest)
    check_golden(model.run, export.manifest, export.folder)
    shapes = shapes_to_warm(settings.max_batch_rows, task.warmup_lengths())
    passes = warm_up(
        model.run, export.manifest, shapes, max_s=settings.warmup_max_s, stopped=stopped
    )
    fields = {
        "model": export.manifest.name,
        "version": export.manifest.version,
        "warmup_passes": passes,
        "load_ms": round((perf_counter() - started_s) * 1000),
    }
    logger.info("model loaded, checked and warm", extra={"fields": fields})
    return LoadedModel(export, task, model.run)


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
