"""Options that the export settles cannot be given otherwise."""

from dataclasses import dataclass, replace

import pytest

from training.config import TunableConfig
from training.errors import DataError
from training.fine_tuning.settled import settled
from training.options import option


@dataclass(frozen=True, kw_only=True)
class Settings(TunableConfig):
    hidden_size: int = option(64, "Units.", smoke=8, tuned=32)
    cell: str = option("gru", "Cell.")


@pytest.mark.parametrize("given", [64, 8, 32, 48], ids=["default", "smoke", "tuned", "the same"])
def test_what_nobody_gave_otherwise_becomes_that_of_the_export(given: int) -> None:
    options = Settings(hidden_size=given, steps=7)

    found = settled(options, {"hidden_size": 48, "cell": "lstm"}, "parent/3")
    assert found == replace(options, hidden_size=48, cell="lstm")


def test_an_option_that_contradicts_the_export_is_refused_by_its_name() -> None:
    message = "--hidden-size 96: it comes from parent/3, where it is 48; leave --hidden-size out"
    with pytest.raises(DataError, match=message):
        settled(Settings(hidden_size=96), {"hidden_size": 48}, "parent/3")


def test_options_that_the_export_says_nothing_of_are_free() -> None:
    assert settled(Settings(hidden_size=96), {"cell": "rnn"}, "p").hidden_size == 96
