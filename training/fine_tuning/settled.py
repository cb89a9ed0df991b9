"""Options that ``--from`` settles: the export that a training starts from has them already."""

from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from typing import Any, TypeVar

from training.config import TunableConfig
from training.errors import DataError
from training.options import flag_name

Config = TypeVar("Config", bound=TunableConfig)


def settled(config: Config, values: Mapping[str, Any], whose: str) -> Config:
    """The options with these values, which come from ``whose``.

    Raises:
        DataError: an option was given, for it differs from its defaults, and says otherwise.
    """
    for item in fields(config):
        given, value = getattr(config, item.name), values.get(item.name, MISSING)
        defaults = (item.default, item.metadata.get("smoke"), item.metadata.get("tuned"))
        if value is not MISSING and given != value and given not in defaults:
            flag = flag_name(item.name)
            raise DataError(
                f"{flag} {given}: it comes from {whose}, where it is {value}; leave {flag} out"
            )
    return replace(config, **values)
