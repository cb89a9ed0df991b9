"""One serving process from start to stop: load, check, warm up, serve, finish, end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from threading import Event
from time import perf_counter

from service.allocator import in_use as allocator_in_use
from service.batcher import Batcher
from service.board import Place, State
from service.compiled_json import COMPILED
from service.errors import ServiceNotReady, ServiceStopping, StartupError
from service.front.sockets import COMPILED as FRONT_COMPILED
from service.front.sockets import STALE as FRONT_STALE
from service.interpreter import quick_hand_over, rare_collections
from service.loading import (
    LoadedModel,
    LoadingStopped,
    batch_limits,
    load_models,
    prime,
    warm,
    warm_event_loop,
)
from service.loop_turns import LoopTurns
from service.memory import tidy_memory
from service.metrics import RequestMetrics, Samples, model_samples, render, stream_samples
from service.model_thread import ModelThread
from service.off_loop import OffLoop
from service.registry import Registry
from service.served_model import ServedModel
from service.settings import Settings
from service.shared_metrics import SharedMetrics
from service.stream_stats import StreamStats
from service.threads import ThreadPlan, plan_threads

logger = logging.getLogger("seqserve")


class Service:
    """The state of a process: it loads in the background, so it can say that it is not ready.

    ``abort`` ends the process; it is called when loading fails, as there is nothing to serve then.
    """

    def __init__(
        self, settings: Settings, *, abort: Callable[[], None], place: Place | None = None
    ) -> None:
        self.settings = settings
        self.place = place or Place.alone()
        self.place.slot.state = State.LOADING
        self.place.slot.connections = 0
        self.threads: ThreadPlan = plan_threads(len(self.place.board.slots), settings.threads)
        self.request_metrics = RequestMetrics()
        self.stream_stats = StreamStats()
        self.off_loop = OffLoop(settings.off_loop_bytes)
        self.metrics = SharedMetrics(self.place.board, self.place.index, self._samples)
        self._abort = abort
        self._registry: Registry | None = None
        self._loaded = asyncio.Event()
        self._stopping = Event()

    @property
    def registry(self) -> Registry:
        """The models that serve.

        Raises:
            ServiceNotReady: they are still being loaded.
            ServiceStopping: the process is about to end.
        """
        if self._stopping.is_set():
            raise ServiceStopping("The service is stopping.")
        if self._registry is None:
            raise ServiceNotReady("Models are being loaded, checked and warmed up.")
        return self._registry

    @property
    def has_front(self) -> bool:
        """Whether a worker may read its sockets in C: a hook of somebody sees every request."""
        settings = self.settings
        return FRONT_COMPILED and settings.front == "auto" and settings.auth_hook is None

    def metrics_text(self) -> str:
        """The counters of all workers, as text."""
        plan = self.threads
        planned: Samples = {
            ("processors", ()): [plan.processors],
            ("workers", ()): [plan.workers],
            ("threads", ()): [plan.intra_op],
        }
        return render(planned | self.metrics.total())

    def _samples(self) -> Samples:
        """What this worker counted; before it is ready, requests only."""
        models = model_samples(self._registry) if self._registry else {}
        return self.request_metrics.samples() | stream_samples(self.stream_stats) | models

    def healthy(self) -> Registry:
        """The models that serve, if the thread of each of them is alive.

        When the service starts, it is not ready before all its workers are: a client that waits
        for it and connects then shall not get the first one alone.

        Raises:
            Unavailable: not ready, stopping, or a thread died.
        """
        for name, model in self.registry.models.items():
            if not model.thread.alive:
                raise ServiceNotReady(f"The thread of model {name!r} died; restart the service.")
        board = self.place.board
        if len(board.slots) > 1 and not board.complete:
            raise ServiceNotReady(f"{board.ready()} of {len(board.slots)} workers are ready.")
        return self.registry

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Load in the background while the caller serves; on leaving, finish and stop."""
        loading = asyncio.create_task(self._load(), name="load models")
        try:
            with quick_hand_over(), rare_collections():
                yield
        finally:
            self._stopping.set()
            self.place.slot.state = State.STOPPING
            await loading
            await self._close()
            self.metrics.publish()

    async def ready(self) -> None:
        """Wait until the models serve."""
        await self._loaded.wait()

    async def _load(self) -> None:
        started_s = perf_counter()
        try:
            models = await self._loaded_models()
        except LoadingStopped:
            return
        except Exception as error:
            told = error.detail if isinstance(error, StartupError) else None
            logger.critical("cannot start: %s", told or repr(error), exc_info=told is None)
            self._abort()
            return
        self._registry = Registry(models, self._defaults())
        tidy_memory()
        if not self._stopping.is_set():
            self.place.slot.state = State.READY
        self._loaded.set()
        self._announce(", ".join(self._registry.models), started_s)

    async def _loaded_models(self) -> list[ServedModel]:
        stopped = self._stopping.is_set
        loaded = await asyncio.to_thread(load_models, self.settings, self.threads, stopped)
        turns = LoopTurns()
        return await asyncio.gather(*(self._serve(model, turns) for model in loaded))

    async def _serve(self, model: LoadedModel, turns: LoopTurns) -> ServedModel:
        """Give a model its thread and its batcher, warm."""
        settings = self.settings
        thread = ModelThread(f"model-{model.export.manifest.name}")
        timings = await thread.run(lambda: warm(model, settings, self._stopping.is_set))
        await warm_event_loop(model, timings)
        batcher = Batcher(
            model.run,
            worker=thread,
            limits=batch_limits(settings),
            padding=model.task.padding,
            turns=turns,
        )
        prime(batcher, model, timings)
        return ServedModel(model.export, model.task, batcher, thread)

    def _defaults(self) -> dict[str, str]:
        return {
            "forecast": self.settings.default_forecaster,
            "classify": self.settings.default_classifier,
            "next-word": self.settings.default_next_word,
            "transduce": self.settings.default_transducer,
        }

    def _announce(self, names: str, started_s: float) -> None:
        fields = {
            "load_ms": round((perf_counter() - started_s) * 1000),
            "worker": self.place.index,
            "threads": self.threads.intra_op,
            "numbers": "compiled" if COMPILED else "simdjson",
            "front": "compiled" if self.has_front else "uvicorn",
            "allocator": allocator_in_use(),
        }
        if FRONT_STALE:
            logger.warning(
                "sockets in C were compiled from other sources than these: uvicorn reads them, "
                "which is slower; install again"
            )
        logger.info("ready: %s", names, extra={"fields": fields})

    async def _close(self) -> None:
        if self._registry:
            models = self._registry.models.values()
            await asyncio.gather(
                *(model.close(patience_s=self.settings.graceful_stop_s) for model in models)
            )
        self.off_loop.close()
        logger.info("stopped")
