"""Bodies that a fast reader must not take for plain ones."""

import orjson

ROW = [float(at) for at in range(28)]
IMAGE = [[float(row + column) for column in range(28)] for row in range(28)]
FLAT = [pixel for row in IMAGE for pixel in row]


def images(value: object, **others: object) -> bytes:
    return orjson.dumps({"images": value, **others})


def series(value: object, **others: object) -> bytes:
    return orjson.dumps({"series": value, **others})


def moved(at: int, by: int) -> list[list[float]]:
    """As many pixels in all, but one row longer and the next one shorter."""
    rows = [list(row) for row in IMAGE]
    rows[at + 1], rows[at] = rows[at + 1][by:], rows[at] + rows[at + 1][:by]
    return rows


NOT_PLAIN_IMAGES = {
    "ragged rows": images([moved(3, 1)]),
    "two rows in one": images([moved(3, 28)]),
    "27 rows": images([IMAGE[1:]]),
    "29 rows": images([[*IMAGE, ROW]]),
    "27 bare rows": images(IMAGE[1:]),
    "28 and 26 rows": images([[*IMAGE, ROW, ROW], IMAGE[2:]]),
    "mixed layouts": images([IMAGE, FLAT]),
    "783 pixels": images([FLAT[1:]]),
    "783 bare pixels": images(FLAT[1:]),
    "a pixel one deeper": images([[[[0.0], *ROW[1:]], *IMAGE[1:]]]),
    "an empty list for a pixel": images([[[[], [1.0, 2.0], *ROW[2:]], *IMAGE[1:]]]),
    "a row one deeper": images([[[ROW], *IMAGE[1:]]]),
    "all one deeper": images([[IMAGE]]),
    "one level up": images(ROW),
    "a string": images([[["1", *ROW[1:]], *IMAGE[1:]]]),
    "a string of 28 characters": images([["x" * 28, *IMAGE[1:]]]),
    "a bracket in a string": b'{"model":"[",' + images([IMAGE])[1:],
    "true": images([[[True, *ROW[1:]], *IMAGE[1:]]]),
    "null": images([[[None, *ROW[1:]], *IMAGE[1:]]]),
    "an object": images([[{}, *IMAGE[1:]]]),
    "negative": images([[[-1e-9, *ROW[1:]], *IMAGE[1:]]]),
    "too bright by less than float32 shows": images([[[255.000001, *ROW[1:]], *IMAGE[1:]]]),
    "no images": images([]),
    "4,097 images": images([FLAT] * 4097),
    "null images": images(None),
    "an object of images": images({"0": IMAGE}),
    "no field": b"{}",
    "an unknown field": images([IMAGE], other=1),
    "a field twice": b'{"model":null,"model":null,' + images([IMAGE])[1:],
    "the images twice": images([IMAGE])[:-1] + b"," + images([IMAGE])[1:],
    "a model that is no name": images([IMAGE], model=7),
    "a model without a name": images([IMAGE], model=""),
    "a long version": images([IMAGE], version="1" * 33),
    "no object": orjson.dumps([IMAGE]),
    "NaN": images([IMAGE]).replace(b"3.0", b"NaN"),
    "a number beyond float64": images([IMAGE]).replace(b"3.0", b"1e400"),
    "a number beyond int64": images([IMAGE]).replace(b"3.0", b"1" * 30),
    "a leading zero": images([IMAGE]).replace(b"3.0", b"03"),
    "truncated": images([IMAGE])[:-3],
    "trailing": images([IMAGE]) + b"x",
    "not UTF-8": images([IMAGE], model="digits").replace(b"digits", b"\xff"),
    "nothing": b"",
}


NOT_PLAIN_SERIES = {
    "deeper": series([[[1]]]),
    "a value one deeper": series([[1, [2]], [3]]),
    "an empty list inside": series([[1, []], [3]]),
    "a bracket in a string": series([[1], "["]),
    "a string": series([["1"]]),
    "a bare string": series("11"),
    "true": series([[True]]),
    "an object": series([{"[": 1}]),
    "an empty series": series([[], [1]]),
    "no series": series([]),
    "bare values among series": series([1, [2]]),
    "too large": series([[1.1e30]]),
    "too small": series([[-1.1e30]]),
    "too large beside a gap": series([[1.1e30, None]]),
    "true beside a gap": series([[True, None]]),
    "10,001 values": series([0] * 10_001),
    "4,097 series": series([[0]] * 4097),
    "horizon 0": series([1], horizon=0),
    "horizon 1,025": series([1], horizon=1025),
    "horizon 12.0": series([1], horizon=12.0),
    "horizon true": series([1], horizon=True),
    "horizon as text": series([1], horizon="3"),
    "season 0": series([1], season_length=0),
    "quantile 1": series([1], quantiles=[1.0]),
    "quantile 0": series([1], quantiles=[0]),
    "quantile true": series([1], quantiles=[True]),
    "no quantiles": series([1], quantiles=[]),
    "100 quantiles": series([1], quantiles=[0.5] * 100),
    "a bare quantile": series([1], quantiles=0.5),
    "level 100": series([1], levels=[100]),
    "50 levels": series([1], levels=[80] * 50),
    "quantiles and levels": series([1], quantiles=[0.5], levels=None),
    "NaN": b'{"series":[NaN]}',
}
