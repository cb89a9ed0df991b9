"""How each server wants to be asked, and how its answers are read: the same numbers every time."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import orjson

from benchmarks.serving.cases import HORIZON, Request

Numbers = npt.NDArray[np.float64]

ENDPOINTS = {"digits": "/classify", "forecaster": "/forecast"}
LEVELS = ("0.1", "0.5", "0.9")


class Dialect(Protocol):
    """The paths, bodies and answers of a server."""

    def path(self, model: str) -> str:
        """Where to post requests for ``model``."""

    def body(self, model: str, request: Request) -> bytes:
        """The request as JSON."""

    def numbers(self, model: str, answer: bytes) -> Numbers:
        """What was answered.

        Shape:
            digits: (n, 11), the label and ten probabilities of each image.
            forecaster: (n, 4, 12), mean and three quantiles of each series.
        """


@dataclass(frozen=True)
class Plain:
    """Requests and answers as this service has them, perhaps below a ``prefix``."""

    prefix: str = ""

    def path(self, model: str) -> str:
        """The endpoint of the model's task."""
        return self.prefix + ENDPOINTS[model]

    def body(self, model: str, request: Request) -> bytes:
        """The request as it is."""
        del model
        return orjson.dumps(request)

    def numbers(self, model: str, answer: bytes) -> Numbers:
        """Predictions or forecasts, by name."""
        fields = orjson.loads(answer)
        return _listed(model, fields["predictions" if model == "digits" else "forecasts"])


class Bento:
    """BentoML batches the one parameter of a method, and answers with the list itself."""

    def path(self, model: str) -> str:
        """The name of the method."""
        return ENDPOINTS[model]

    def body(self, model: str, request: Request) -> bytes:
        """The one parameter."""
        name = "images" if model == "digits" else "series"
        return orjson.dumps({name: request[name]})

    def numbers(self, model: str, answer: bytes) -> Numbers:
        """The list that the method returned."""
        return _listed(model, orjson.loads(answer))


class OpenInference:
    """Tensors of the open inference protocol. They have no ragged rows, so the client pads."""

    def path(self, model: str) -> str:
        """The one model that is served."""
        del model
        return "/v2/models/model/infer"

    def body(self, model: str, request: Request) -> bytes:
        """Flat data and its shape; series with their lengths, in front of which zeros are."""
        if model == "digits":
            tensors = [_tensor("images", np.array(request["images"]))]
        else:
            lengths = np.array([[len(each)] for each in request["series"]])
            width = 512 if len(lengths) > 1 else int(lengths.max())
            values = np.zeros((len(lengths), width))
            for row, each in enumerate(request["series"]):
                values[row, -len(each) :] = each
            tensors = [_tensor("values", values), _tensor("lengths", lengths, "INT64")]
        return orjson.dumps({"inputs": tensors})

    def numbers(self, model: str, answer: bytes) -> Numbers:
        """The outputs by name."""
        outputs = {
            each["name"]: np.array(each["data"], dtype=float).reshape(each["shape"])
            for each in orjson.loads(answer)["outputs"]
        }
        if model == "digits":
            return np.concatenate([outputs["labels"], outputs["probabilities"]], axis=1)
        return np.concatenate([outputs["mean"][:, None], outputs["quantiles"]], axis=1)


def _tensor(name: str, values: npt.NDArray[Any], datatype: str = "FP32") -> dict[str, Any]:
    return {
        "name": name,
        "shape": list(values.shape),
        "datatype": datatype,
        "data": values.ravel().tolist(),
    }


def _listed(model: str, items: list[dict[str, Any]]) -> Numbers:
    if model == "digits":
        return np.array([[float(each["label"]), *each["probabilities"]] for each in items])
    forecasts = [[each["mean"], *(each["quantiles"][level] for level in LEVELS)] for each in items]
    return np.array(forecasts)[:, :, :HORIZON]
