"""Bytes to a validated request, with the place of whatever is wrong."""

from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from service.errors import Fault, InvalidInput, NotJson, Place
from service.tasks.classify_api import FLAT, NESTED

ModelT = TypeVar("ModelT", bound=BaseModel)

# What Python and JavaScript write for values that JSON has no words for.
NOT_FINITE = ("NaN", "nan", "Infinity", "inf")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # Windows editors put it in front of UTF-8
# Pydantic puts the chosen branch of a union into the place of an error; no field is called so.
BRANCHES = frozenset({NESTED, FLAT})


def parse_json(body: bytes, model: type[ModelT]) -> ModelT:
    """Read ``body`` as a ``model``.

    Raises:
        NotJson: it is no JSON; NaN and Infinity are none.
        InvalidInput: it is JSON, but not what the model asks for.
    """
    return validated(model, _loads(body))


def validated(model: type[ModelT], fields: object) -> ModelT:
    """``fields`` as a ``model``.

    Raises:
        InvalidInput: they are not what the model asks for.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise InvalidInput(faults_of(error)) from None


def faults_of(error: ValidationError) -> list[Fault]:
    """What pydantic found wrong, and where."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [_fault(each) for each in found]


def _loads(body: bytes) -> object:
    try:
        return orjson.loads(body.removeprefix(BYTE_ORDER_MARK))
    except orjson.JSONDecodeError as error:
        message = error.msg
        if error.doc.startswith(NOT_FINITE, error.pos):
            message = "NaN and Infinity are not JSON; write null for a missing value"
        place = f"line {error.lineno}, column {error.colno}"
        raise NotJson([Fault((place,), message)]) from None


def _fault(found: Any) -> Fault:
    place: Place = tuple(step for step in found["loc"] if step not in BRANCHES)
    if found["type"] == "model_type":
        return Fault(("body",), "Input should be a JSON object")
    return Fault(place or ("body",), found["msg"])
