"""A WebSocket over which a signal streams: read, answer in order, end with a reason.

Source: RFC 6455 section 7.4 (close codes) and the registry of codes that it set up.
"""

import asyncio
import logging

import orjson

from service.asgi import Message, Receive, Send
from service.errors import (
    InvalidInput,
    PredictError,
    ServiceError,
    ServiceStopping,
    StreamIdle,
    Unavailable,
)
from service.http_errors import problem_of
from service.idle_watch import IdleWatch
from service.request_record import current_record
from service.served_model import ServedModel
from service.settings import Settings
from service.stream_inbox import Ending, StreamInbox
from service.stream_stats import StreamStats
from service.tasks.transduce import TransduceTask
from service.tasks.transduce_stream import Frame, SignalStream, read_binary, read_text
from service.websocket_protocol import STOPPING

logger = logging.getLogger("seqserve.stream")

DONE = 1000
GONE = 1006  # never sent: the client left without a word
BAD_BINARY, BAD_TEXT, REFUSED = 1003, 1007, 1008
FAULT, RESTART, LATER = 1011, 1012, 1013
LONGEST_REASON = 123  # bytes, as a close frame holds no more


class StreamSession:
    """One accepted WebSocket. ``run`` returns the close code when it is over."""

    def __init__(
        self,
        model: ServedModel,
        receive: Receive,
        send: Send,
        settings: Settings,
        stats: StreamStats,
    ) -> None:
        assert isinstance(model.task, TransduceTask)  # noqa: S101 - found by its task
        self._task = model.task
        self._stream = SignalStream(model.task, model.submit)
        self._receive = receive
        self._send = send
        self._idle_s = settings.stream_idle_s
        self._inbox = StreamInbox(settings.max_stream_samples)
        self._stats = stats

    async def run(self) -> int:
        """Read and answer until one side ends."""
        watch = IdleWatch(self._idle_s, self._expire, busy=lambda: self._inbox.unanswered)
        answering = asyncio.create_task(self._answer(), name="stream answers")
        reading = asyncio.create_task(self._read(answering, watch), name="stream reader")
        try:
            await asyncio.wait([answering])
            if answering.cancelled():  # by the reader: the client left
                return self._inbox.ending.code if self._inbox.ending else GONE
            ending = answering.result()
            await self._close(ending)
        except OSError:  # what a server raises where the client is gone
            return GONE
        finally:
            answering.cancel()
            reading.cancel()
            watch.stop()
        return ending.code

    async def _read(self, answering: "asyncio.Task[Ending]", watch: IdleWatch) -> None:
        """Fill the inbox until the client leaves, breaks a rule, or is done."""
        try:
            while self._inbox.ending is None:
                message = await self._receive()
                watch.heard()
                self._handle(message)
                if message["type"] == "websocket.disconnect":
                    answering.cancel()  # nobody is left to tell
                await self._inbox.room()
        except Exception as error:  # noqa: BLE001 - else the client would wait for ever
            self._inbox.end(_failed(error))

    def _handle(self, message: Message) -> None:
        if message["type"] == "websocket.receive":
            self._take_in(message)
        elif message["type"] == STOPPING:
            self._inbox.end(_stopping())
        else:
            self._inbox.end(Ending(message.get("code") or GONE))

    def _take_in(self, message: Message) -> None:
        binary = message.get("bytes")
        try:
            frame = (
                read_text(message["text"], self._task) if binary is None else read_binary(binary)
            )
        except InvalidInput as error:
            self._inbox.end(Ending(_code_of(error, text=binary is None), error))
            return
        self._stats.messages += 1
        self._stats.samples += len(frame.samples)
        self._inbox.put(frame)
        if frame.end:
            self._inbox.end(Ending(DONE))

    async def _answer(self) -> Ending:
        """Answer all that was read, in order; return why nothing more comes."""
        while frames := await self._inbox.take():
            if (failure := await self._answer_frames(frames)) is not None:
                return failure
            self._inbox.answered(frames)
        assert self._inbox.ending is not None  # noqa: S101 - nothing to take means the end
        return self._inbox.ending

    async def _answer_frames(self, frames: list[Frame]) -> Ending | None:
        try:
            replies = await self._stream.answer(frames)
        except ServiceStopping:
            return _stopping()
        except Unavailable as error:
            return Ending(LATER, error)
        except ServiceError as error:
            return _failed(error)
        for reply in replies:
            kind = "bytes" if isinstance(reply, bytes) else "text"
            await self._send({"type": "websocket.send", kind: reply})
        return None

    def _expire(self) -> None:
        self._inbox.end(Ending(REFUSED, StreamIdle(f"No message came for {self._idle_s} s.")))

    async def _close(self, ending: Ending) -> None:
        """Say why, with the token to go on from, and close."""
        reason = ""
        if ending.error is not None:
            problem = problem_of(ending.error)
            reason = problem.detail
            record = current_record.get()
            told = orjson.loads(problem.body(record.request_id if record else ""))
            told |= {"state": self._stream.token, "n_samples": self._stream.n_samples}
            await self._send({"type": "websocket.send", "text": orjson.dumps(told).decode()})
        closing = {"type": "websocket.close", "code": ending.code, "reason": shortened(reason)}
        await self._send(closing)


def shortened(reason: str) -> str:
    """As much of ``reason`` as a close frame holds."""
    return reason.encode()[:LONGEST_REASON].decode(errors="ignore")


def _stopping() -> Ending:
    return Ending(RESTART, ServiceStopping("The service stops. Go on elsewhere with this state."))


def _failed(error: Exception) -> Ending:
    logger.error("a stream failed", exc_info=error)
    return Ending(FAULT, error if isinstance(error, ServiceError) else PredictError(repr(error)))


def _code_of(error: InvalidInput, *, text: bool) -> int:
    if not text:
        return BAD_BINARY
    about_token = bool(error.faults) and error.faults[0].place == ("state",)
    return REFUSED if about_token else BAD_TEXT
