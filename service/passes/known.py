"""Which networks have a pass in C, by their task and what they compute in."""

from service.passes import digits, forecast
from service.passes.contract import PassMaker

KNOWN: dict[tuple[str, str], PassMaker] = {
    ("classify", "int8"): digits,
    ("forecast", "float32"): forecast,
}


def maker_of(task: str, dtype: str) -> PassMaker | None:
    """Who might make the pass of a model, if anybody."""
    return KNOWN.get((task, dtype))
