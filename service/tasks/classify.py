"""The classify task: images or pictures to arrays, probabilities to JSON."""

import asyncio
from pathlib import Path

import numpy as np

from models.manifest import Manifest
from service.rows import Arrays, Rows
from service.tasks.classify_api import SIDE, ClassifyRequest, ImageArrays, PictureRequest
from service.tasks.contract import Payload, Submit, Task
from service.tasks.pictures import images_of
from service.tasks.row_trace import RowTrace

Request = ClassifyRequest | PictureRequest | ImageArrays


class ClassifyTask(Task[Request]):
    """Name what 28x28 images show."""

    name = "classify"
    endpoint = "/classify"

    def __init__(self, manifest: Manifest, folder: Path) -> None:
        super().__init__(manifest, folder)
        self.classes = [str(label) for label in self.parameters["classes"]]
        digits = all(label.isdecimal() for label in self.classes)
        self._names: list[Payload] = [
            {"label": label, "digit": int(label)} if digits else {"label": label}
            for label in self.classes
        ]
        if self.parameters.get("image_size", SIDE) != SIDE:
            raise ValueError(f"image_size must be {SIDE}")

    async def answer(self, request: Request, submit: Submit) -> Payload:
        """As every task, but pictures are decoded on a thread: a photograph takes its time."""
        if isinstance(request, PictureRequest):
            rows = await asyncio.to_thread(self.decode, request)
        else:
            rows = self.decode(request)
        if request.trace:
            return await self._traced(request, rows, submit)
        return self.encode(request, await submit(rows))

    async def _traced(self, request: Request, rows: Rows, submit: Submit) -> Payload:
        """The answer after the last row, and beside it those after every row."""
        trace = RowTrace(rows.inputs["images"])
        outputs = await submit(Rows({"images": trace.shown_in_part()}))
        beliefs = trace.by_row(np.asarray(outputs["probabilities"], dtype=np.float32))
        last = np.stack([belief[-1] for belief in beliefs])
        payload = self.encode(request, {"probabilities": last})
        for prediction, belief in zip(payload["predictions"], beliefs, strict=True):
            prediction["trace"] = belief
        return payload

    def in_one_pass(self, request: object) -> bool:
        """All but pictures and beliefs after every row."""
        return isinstance(request, ImageArrays) and not request.trace

    def decode(self, request: Request) -> Rows:
        """All images as one array."""
        if isinstance(request, PictureRequest):
            return Rows({"images": images_of(request)})
        if isinstance(request, ImageArrays):
            return Rows({"images": request.images})
        images = [np.array(image, dtype=np.float32).reshape(SIDE, SIDE) for image in request.images]
        return Rows({"images": np.stack(images)})

    def encode(self, request: Request, outputs: Arrays) -> Payload:
        """The most probable class of each image, and all probabilities."""
        del request
        probabilities = np.ascontiguousarray(outputs["probabilities"], dtype=np.float32)
        best, names = probabilities.argmax(axis=1).tolist(), self._names
        return {
            "predictions": [
                {**names[at], "probability": row[at], "probabilities": row}
                for at, row in zip(best, probabilities, strict=True)
            ]
        }
