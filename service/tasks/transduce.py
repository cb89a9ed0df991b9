"""The transduce task: signals and state tokens to arrays, long signals in chunks.

Axis letters: B signals, T time, S numbers of a state.
"""

import secrets
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.export_folder import MODEL_FILE
from models.manifest import Manifest
from service.errors import Fault, InvalidInput
from service.rows import Array, Arrays, Padding, Rows
from service.tasks.contract import Payload, Submit, Task
from service.tasks.state_token import BadToken, Origin, StateTokens
from service.tasks.transduce_api import TransduceRequest

# Samples of a signal in one pass: a longer pass is hardly cheaper for each of them, and would keep
# those waiting whose samples arrive over time.
CHUNK = 512


class TransduceTask(Task[TransduceRequest]):
    """Map signals sample by sample; the state after the last one leaves as a token.

    A signal longer than ``CHUNK`` is answered in chunks, each from the state that the one before
    left, so its length has no limit but that of the body.
    """

    name = "transduce"
    endpoint = "/transduce"
    padding = Padding("signals", 0.0, side="right")

    def __init__(self, manifest: Manifest, folder: Path) -> None:
        super().__init__(manifest, folder)
        self.state_size = int(self.parameters["state_size"])
        digest = manifest.files[MODEL_FILE].sha256
        self._origin = Origin(manifest.name, manifest.version, digest)
        self.use_secret(secrets.token_bytes(32))

    def use_secret(self, secret: bytes) -> None:
        """Sign tokens with the secret of this service, as all its workers do."""
        self.tokens = StateTokens(self._origin, self.state_size, secret)

    def warmup_lengths(self) -> list[int]:
        """A frame of a stream, and a chunk of a long signal."""
        return [20, CHUNK]

    def decode(self, request: TransduceRequest) -> Rows:
        """The first chunk of every signal, from its state."""
        return chunk_of(_arrays(request), self.opened(request.states, len(request.signals)), 0)

    def opened(self, tokens: Sequence[str | None] | None, n_signals: int) -> Array:
        """The states in tokens, zeros for a fresh start.

        Shape:
            returns: (B, S) float32.

        Raises:
            InvalidInput: tokens that cannot be used; says which and why.
        """
        states = np.zeros((n_signals, self.state_size), dtype=np.float32)
        faults = []
        for at, token in enumerate(tokens or ()):
            try:
                if token is not None:
                    states[at] = self.tokens.open(token)
            except BadToken as error:
                faults.append(Fault(("states", at), str(error)))
        if faults:
            raise InvalidInput(faults)
        return states

    async def answer(self, request: TransduceRequest, submit: Submit) -> Payload:
        """Ask for one chunk after the other until every signal is at its end."""
        if max(len(signal) for signal in request.signals) <= CHUNK:
            return await super().answer(request, submit)
        signals = _arrays(request)
        states = self.opened(request.states, len(signals))
        outputs = [np.empty_like(signal) for signal in signals]
        longest = max(len(signal) for signal in signals)
        for start in range(0, longest, CHUNK):
            at = [row for row, signal in enumerate(signals) if len(signal) > start]
            found = await submit(chunk_of([signals[row] for row in at], states[at], start))
            states[at] = found["states"]
            for row, values in zip(at, found["outputs"], strict=True):
                part = outputs[row][start : start + CHUNK]
                part[:] = values[: len(part)]
        return self._payload(outputs, states)

    def encode(self, request: TransduceRequest, outputs: Arrays) -> Payload:
        """The outputs of one pass without their padding, and the states."""
        lengths = [len(signal) for signal in request.signals]
        rows = zip(lengths, outputs["outputs"], strict=True)
        return self._payload([values[:length] for length, values in rows], outputs["states"])

    def _payload(self, outputs: list[Array], states: Array) -> Payload:
        return {"outputs": outputs, "states": [self.tokens.seal(state) for state in states]}


def chunk_of(signals: Sequence[Array], states: Array, start: int) -> Rows:
    """The samples from ``start`` on, at most a chunk of each signal, padded on the right."""
    parts = [signal[start : start + CHUNK] for signal in signals]
    lengths = np.array([len(part) for part in parts], dtype=np.int64)
    padded = np.zeros((len(parts), int(lengths.max())), dtype=np.float32)  # (B, T)
    for row, part in zip(padded, parts, strict=True):
        row[: len(part)] = part
    return Rows({"signals": padded, "lengths": lengths, "states": states}, lengths)


def _arrays(request: TransduceRequest) -> list[Array]:
    return [np.array(signal, dtype=np.float32) for signal in request.signals]
