"""One signal whose samples arrive over time: what its messages mean, and how they are answered.

Axis letters: T time, S numbers of a state.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.errors import Fault, InvalidInput, NotJson
from service.rows import Array
from service.tasks.contract import Submit
from service.tasks.transduce import CHUNK, TransduceTask, chunk_of
from service.tasks.transduce_api import LARGEST, Sample, Token

FLOAT32 = np.dtype("<f4")
NO_SAMPLES: Array = np.zeros(0, dtype=np.float32)

Reply = str | bytes


class StreamMessage(BaseModel):
    """A text message of a client; every field may be left out."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    samples: list[Sample] = Field(
        default_factory=list, description="The next samples of the signal, oldest first."
    )
    state: Token | None = Field(
        None,
        description="Token to go on from, before the samples of this message; null for a fresh "
        "start.",
    )
    send_state: bool = Field(
        False, description="Answer the token of the state after the samples of this message."
    )
    end: bool = Field(
        False, description="The last message: its answer holds the token, then the socket closes."
    )


@dataclass(slots=True, eq=False)
class Frame:
    """A message, read: its samples and what it asks for. ``state`` starts anew before them."""

    samples: Array = field(default_factory=lambda: NO_SAMPLES)
    binary: bool = False
    state: Array | None = None
    send_state: bool = False
    end: bool = False


def read_binary(content: bytes) -> Frame:
    """Samples as little-endian float32, nothing else.

    Raises:
        InvalidInput: not a whole number of samples, or one that is no number.
    """
    if len(content) % FLOAT32.itemsize:
        message = f"{len(content)} bytes are no whole number of float32 samples, 4 bytes each"
        raise InvalidInput([Fault(("message",), message)])
    samples = np.frombuffer(content, FLOAT32)
    wrong = ~(np.abs(samples) <= LARGEST)
    if wrong.any():
        at = int(wrong.argmax())
        message = f"{samples[at]} is no finite number of at most {LARGEST:g}; fill gaps first"
        raise InvalidInput([Fault(("samples", at), message)])
    return Frame(samples, binary=True)


def read_text(text: str, task: TransduceTask) -> Frame:
    """A JSON object of the fields of ``StreamMessage``.

    Raises:
        NotJson: it is no JSON.
        InvalidInput: it is no such object, or its token cannot be used.
    """
    try:
        message = StreamMessage.model_validate(orjson.loads(text))
    except orjson.JSONDecodeError as error:
        raise NotJson([Fault(("message",), str(error))]) from None
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        faults = [Fault(tuple(each["loc"]) or ("message",), each["msg"]) for each in found]
        raise InvalidInput(faults) from None
    state = None
    if "state" in message.model_fields_set:
        state = _opened(message.state, task)
    samples = np.array(message.samples, dtype=np.float32)
    return Frame(samples, False, state, message.send_state, message.end)


def _opened(token: str | None, task: TransduceTask) -> Array:
    try:
        return task.opened([token], 1)
    except InvalidInput as error:
        raise InvalidInput([Fault(("state",), fault.message) for fault in error.faults]) from None


class SignalStream:
    """A signal under way: its state, and how many samples were answered.

    Not to be asked again before it has answered: the state comes from there.
    """

    def __init__(self, task: TransduceTask, submit: Submit) -> None:
        self._task = task
        self._submit = submit
        self._state = task.opened(None, 1)  # (1, S)
        self.n_samples = 0

    @property
    def token(self) -> str:
        """The state after all that was answered."""
        return self._task.tokens.seal(self._state[0])

    async def answer(self, frames: Sequence[Frame]) -> list[Reply]:
        """One reply for each frame. All frames but the first must do without a new ``state``.

        Raises:
            Unavailable: the model is overloaded or stopping; the state is as it was before.
            PredictError: the model failed; the same.
        """
        before = self._state
        if frames[0].state is not None:
            self._state = frames[0].state
        samples = frames[0].samples
        if len(frames) > 1:
            samples = np.concatenate([frame.samples for frame in frames])
        try:
            outputs = await self._advance(samples) if len(samples) else NO_SAMPLES
        except BaseException:
            self._state = before
            raise
        self.n_samples += len(samples)
        return self._replies(frames, outputs)

    async def _advance(self, samples: Array) -> Array:
        parts = []
        for start in range(0, len(samples), CHUNK):
            rows = chunk_of([samples], self._state, start)
            found = await self._submit(rows)
            self._state = found["states"]
            parts.append(found["outputs"][0, : int(rows.inputs["lengths"][0])])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _replies(self, frames: Sequence[Frame], outputs: Array) -> list[Reply]:
        replies: list[Reply] = []
        start = 0
        for frame in frames:
            end = start + len(frame.samples)
            replies.append(self._reply(frame, outputs[start:end]))
            start = end
        return replies

    def _reply(self, frame: Frame, outputs: Array) -> Reply:
        if frame.binary:
            return outputs.astype(FLOAT32, copy=False).tobytes()
        answer: dict[str, object] = {"outputs": np.ascontiguousarray(outputs)}
        if frame.send_state or frame.end:
            answer |= {"state": self.token, "n_samples": self.n_samples}
        return orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY).decode()


def joinable(frame: Frame) -> bool:
    """Whether samples that follow may be computed in one pass with those of ``frame``."""
    return not (frame.send_state or frame.end)
