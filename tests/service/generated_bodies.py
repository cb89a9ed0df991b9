"""Bodies of prediction requests, made at random: valid ones in every spelling, and broken ones.

All choices come from a ``random.Random``, so a seed repeats thousands of them.
"""

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any

PATHS = ("/forecast", "/classify", "/next-word")
NAMES = {"/forecast": "forecaster", "/classify": "digits", "/next-word": "next-word"}
Body = dict[str, Any]


class Spelled(float):
    """A number that is written in an unusual way."""

    def __new__(cls, text: str) -> "Spelled":
        number = super().__new__(cls, text)
        number.text = text
        return number

    text: str

    def __repr__(self) -> str:
        return self.text


def valid_body(random: Random, path: str) -> bytes:
    """A body that is to be answered."""
    return _written(random, _with_model(random, path, _FIELDS[path](random)))


def broken_body(random: Random, path: str) -> bytes:
    """A valid body with something wrong in it; now and then it is still valid."""
    body = _with_model(random, path, _FIELDS[path](random, small=True))
    if random.random() < 0.4:
        return random.choice(_BYTE_BREAKS)(random, _written(random, body))
    for _ in range(random.choice((1, 1, 1, 2))):
        _break(random, body)
    return _written(random, body)


def _with_model(random: Random, path: str, body: Body) -> Body:
    if random.random() < 0.2:
        body["model"] = random.choice((NAMES[path], None))
    if random.random() < 0.2:
        body["version"] = random.choice(("1", None))
    if random.random() < 0.3:
        body = dict(random.sample(sorted(body.items()), len(body)))
    return body


def _written(random: Random, body: object) -> bytes:
    """As clients write it: compact, with spaces, indented, escaped or in UTF-8."""
    style = random.random()
    if style < 0.5:
        text = json.dumps(body, separators=(",", ":"), ensure_ascii=random.random() < 0.5)
    elif style < 0.85:
        text = json.dumps(body)
    else:
        text = json.dumps(body, indent=random.choice((0, 1, "\t")))
    return random.choice(("", "", "", " ", "\r\n\t")).encode() + text.encode("utf-8")


def _number(random: Random) -> float:
    kind = random.random()
    if kind < 0.4:
        return random.randint(-1000, 1000)
    if kind < 0.8:
        return round(random.gauss(100, 30), random.randint(0, 6))
    if kind < 0.9:
        return random.gauss(0, 1) * 10.0 ** random.randint(-30, 29)
    odd = ("-0", "-0.0", "1E5", "1e+05", "2.5e-3", "1e-400", "9007199254740993", "1e30")
    return Spelled(random.choice((*odd, "123456789012345678901234", "18446744073709551615")))


def _series(random: Random, *, small: bool = False) -> Body:
    longest = 12 if small else random.choice((3, 30, 70, 150))
    lengths = [random.randint(1, longest) for _ in range(random.choice((1, 1, 2, 5, 9)))]
    if random.random() < 0.5:
        lengths = [longest] * len(lengths)
    gaps = random.choice((0, 0, 0, 0.2))
    series: Any = [
        [None if random.random() < gaps else _number(random) for _ in range(length)]
        for length in lengths
    ]
    for each in series:
        each[-1] = 7
    body = {"series": series[0] if len(series) == 1 and random.random() < 0.4 else series}
    for name, largest in (("horizon", 12), ("season_length", 9)):
        if random.random() < 0.5:
            body[name] = random.choice(
                (random.randint(1, largest), random.randint(1, largest), 3.0)
            )
    if random.random() < 0.3:
        body["quantiles"] = [random.choice((0.1, 0.5, 0.9, random.uniform(0.01, 0.99)))]
    elif random.random() < 0.3:
        body["levels"] = random.sample([50, 80, 90, 95.5, 99.99, random.uniform(1, 99)], 3)
    return body


def _images(random: Random, *, small: bool = False) -> Body:
    def pixel() -> float:
        return random.randint(0, 255) if whole else random.choice((0, 255, random.uniform(0, 255)))

    whole = random.random() < 0.5
    nested, flat = random.random() < 0.7, random.random() < 0.2
    images: list[Any] = []
    for _ in range(1 if small else random.choice((1, 1, 2, 3, 28))):
        row = [pixel() for _ in range(28)]
        image = [random.sample(row, 28) for _ in range(28)]
        flattened = [each for line in image for each in line]
        images.append(image if nested and (not flat or random.random() < 0.5) else flattened)
    return {"images": images[0] if len(images) == 1 and random.random() < 0.3 else images}


def _contexts(random: Random, *, small: bool = False) -> Body:
    texts = [
        "",
        "aa bb",
        "To be, or not",
        "naïve 日本 😀",
        'quo"te \\ [x]',
        "tab\there\n",
        "bc" * 300,
    ]
    contexts = random.choices(texts, k=1 if small else random.choice((1, 2, 7)))
    body: Body = {"contexts": contexts[0] if random.random() < 0.3 else contexts}
    if random.random() < 0.6:
        body["top_k"] = random.choice((1, 2, 5, 100, 7.0))
    for flag in ("unfinished", "capitalize", "marks", "start"):
        if random.random() < 0.2:
            body[flag] = random.random() < 0.7
    return body


_FIELDS: dict[str, Callable[..., Body]] = {
    "/forecast": _series,
    "/classify": _images,
    "/next-word": _contexts,
}
_WRONG: tuple[Any, ...] = (None, True, False, "5", "", "[", "]", [], {}, [1], [[1]], [[]], {"[": 1})
_WRONG += (-1, 256, 255.00001, -1e-9, -0.0, 0, 1e31, -1.1e30, 10**25, 2**70, 1e300, 0.5, 12.5)
_WRONG += (Spelled("1e400"), Spelled("-1e999"), Spelled("NaN"), Spelled("Infinity"), Spelled("01"))


def _break(random: Random, body: Body) -> None:
    """One change to a field or deep inside it."""
    kind = random.random()
    if kind < 0.15:
        body[random.choice(("other", "Series", "top_k", "horizon", "images", ""))] = 3
    elif kind < 0.3:
        names = ("model", "version", "horizon", "season_length", "quantiles", "levels", "top_k")
        wrong = (
            *_WRONG,
            "x" * 129,
            "nope",
            [0.5, 0.5],
            [1.0],
            [99.99],
            1024,
            1025,
            4,
            "forecaster",
        )
        body[random.choice((*names, *body))] = _fresh(random.choice(wrong))
    elif kind < 0.36 and body:
        del body[random.choice(sorted(body))]
    else:
        _break_inside(random, body)


def _fresh(value: Any) -> Any:
    """A list of its own each time, as a second change may be made inside it."""
    return copy.deepcopy(value) if isinstance(value, list) else value


def _break_inside(random: Random, body: Body) -> None:
    node: Any = random.choice(sorted(body.items()))[1] if body else None
    while isinstance(node, list) and node:
        inner = [at for at, each in enumerate(node) if isinstance(each, list)]
        if inner and random.random() < 0.7:
            node = node[random.choice(inner)]
            continue
        at = random.randrange(len(node))
        change = random.random()
        if change < 0.5:
            node[at] = _fresh(random.choice(_WRONG))
        elif change < 0.65:
            del node[at]
        elif change < 0.8:
            node.insert(at, node[at])
        elif change < 0.9:
            node[at] = [node[at]]
        else:
            node[at : at + 2] = [node[at : at + 2]]
        return


def _cut(random: Random, body: bytes) -> bytes:
    return body[: random.randrange(len(body))]


def _trail(random: Random, body: bytes) -> bytes:
    return body + random.choice((b"x", b"]", b"}", b",", b"\0", b"{}", b" \n", b"\x0b", b"\xa0"))


def _lead(random: Random, body: bytes) -> bytes:
    return random.choice((b"\xef\xbb\xbf", b"\xff\xfe", b"\0", b"[", b"//x\n")) + body


def _swap_byte(random: Random, body: bytes) -> bytes:
    at = random.randrange(len(body))
    byte = random.choice((*b'[]{},:"\\ 0-+.eE\t', 0, 0x7F, 0x80, 0xC3, 0xFF))
    return body[:at] + bytes([byte]) + body[at + random.choice((0, 1)) :]


def _lose_byte(random: Random, body: bytes) -> bytes:
    marks = [at for at, byte in enumerate(body) if byte in b'[]{},:"']
    at = random.choice(marks)
    return body[:at] + body[at + 1 :]


def _move_bracket(random: Random, body: bytes) -> bytes:
    """As many brackets as before, one of them elsewhere."""
    marks = [at for at, byte in enumerate(body) if byte in b"[]{},"]
    one, other = random.choice(marks), random.choice(marks)
    moved = bytearray(body)
    moved[one], moved[other] = moved[other], moved[one]
    return bytes(moved)


def _repeat_field(random: Random, body: bytes) -> bytes:
    fields = (b'"horizon":3', b'"series":[1]', b'"images":[]', b'"contexts":"x"', b'"model":null')
    last = body.rstrip()
    return last[:-1] + b"," + random.choice(fields) + b"}"


_BYTE_BREAKS: tuple[Callable[[Random, bytes], bytes], ...] = (
    _cut,
    _trail,
    _lead,
    _swap_byte,
    _lose_byte,
    _move_bracket,
    _move_bracket,
    _repeat_field,
)
