"""One place for every option of a training: a field of a frozen dataclass.

The TOML keys and the command-line flags derive from the fields, so that a default, a bound or a
sentence of help is written once. Priority: default < ``--from`` value < ``--smoke`` value < TOML
file < flag. A field may end in an underscore where Python wants one: ``from_`` is ``--from``.
"""

import dataclasses
import inspect
import tomllib
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from training.errors import DataError

Config = TypeVar("Config")
_UNSET = object()


def option(
    default: Any,
    help: str,
    *,
    smoke: Any = _UNSET,
    tuned: Any = _UNSET,
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    """A field of a training's configuration, with its bounds and its other defaults.

    ``smoke`` is the default under ``--smoke``, ``tuned`` the one with ``--from``.
    """
    metadata = {"help": help, "minimum": minimum, "maximum": maximum}
    metadata |= {"smoke": smoke, "tuned": tuned}
    return dataclasses.field(default=default, metadata=metadata)


def configure(
    config_class: type[Config], flags: Mapping[str, Any], toml_file: Path | None = None
) -> Config:
    """Merge defaults, smoke values, a TOML file and flags (``None`` = not given).

    Raises:
        DataError: the file cannot be read, names an unknown option, or a value is of the wrong
            type or out of its bounds.
    """
    values = _read_toml(config_class, toml_file) if toml_file else {}
    return _configured(config_class, values, flags)


def configure_from(
    config_class: type[Config], raw: Mapping[str, Any], flags: Mapping[str, Any], source: Path
) -> Config:
    """As ``configure``, from a part of the TOML file ``source`` that is read already.

    Raises:
        DataError: an option is unknown, of the wrong type or out of its bounds.
    """
    return _configured(config_class, _typed(config_class, raw, source), flags)


def _configured(
    config_class: type[Config], values: dict[str, Any], flags: Mapping[str, Any]
) -> Config:
    values |= {name: value for name, value in flags.items() if value is not None}
    if values.get("smoke"):
        values = _other_defaults(config_class, "smoke") | values
    if values.get("from_"):
        values = _other_defaults(config_class, "tuned") | values
    config = config_class(**values)
    _check_bounds(config)
    return config


def as_flags(config_class: type[Any]) -> list[inspect.Parameter]:
    """The command-line flags of a configuration, as parameters for Typer."""
    hints = typing.get_type_hints(config_class)
    return [_flag(item, hints[item.name]) for item in dataclasses.fields(config_class)]


def command(config_class: type[Config], run: Callable[[Config], None]) -> Callable[..., None]:
    """A Typer command with a flag for each field of ``config_class`` and ``--config FILE``."""

    def invoke(**flags: Any) -> None:
        toml_file = flags.pop("config")
        run(configure(config_class, flags, toml_file))

    config_flag = inspect.Parameter(
        "config",
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[
            Path | None,
            typer.Option(help="TOML file with any of these options; flags override it."),
        ],
    )
    invoke.__signature__ = inspect.Signature([config_flag, *as_flags(config_class)])  # type: ignore[attr-defined]
    return invoke


def flag_name(field_name: str) -> str:
    """``from_`` is ``--from``, ``batch_size`` is ``--batch-size``."""
    return f"--{field_name.rstrip('_').replace('_', '-')}"


def _flag(item: "dataclasses.Field[Any]", hint: Any) -> inspect.Parameter:
    default = False if item.default is None else str(item.default)
    if default and item.metadata["tuned"] is not _UNSET:
        default = f"{default}; with --from {item.metadata['tuned'] or 'that of the data'}"
    names = [flag_name(item.name)]
    plain = _without_none(hint)
    if plain is bool:
        names = [f"{names[0]}/--no-{names[0][2:]}"]
    described = typer.Option(*names, help=item.metadata["help"], show_default=default)
    annotation = Annotated[plain | None, described]  # type: ignore[valid-type]
    return inspect.Parameter(
        item.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def _without_none(hint: Any) -> Any:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return next(kind for kind in typing.get_args(hint) if kind is not type(None))
    return hint


def _other_defaults(config_class: type[Any], key: str) -> dict[str, Any]:
    items = dataclasses.fields(config_class)
    return {i.name: i.metadata[key] for i in items if i.metadata[key] is not _UNSET}


def _read_toml(config_class: type[Any], path: Path) -> dict[str, Any]:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is not a TOML file: {error}") from error
    return _typed(config_class, raw, path)


def _typed(config_class: type[Any], raw: Mapping[str, Any], path: Path) -> dict[str, Any]:
    hints = typing.get_type_hints(config_class)
    fields = {name.rstrip("_"): name for name in hints}
    unknown = sorted(set(raw) - set(fields))
    if unknown:
        raise DataError(f"{path} has unknown options {unknown}; known are {sorted(fields)}")
    return {
        fields[name]: _converted(path, name, value, hints[fields[name]])
        for name, value in raw.items()
    }


def _converted(path: Path, name: str, value: Any, hint: Any) -> Any:
    kind = _without_none(hint)
    if typing.get_origin(kind) is typing.Literal:
        if value not in typing.get_args(kind):
            allowed = ", ".join(map(str, typing.get_args(kind)))
            raise DataError(f"{path}: {name} must be one of {allowed}, got {value!r}")
        return value
    if kind is Path and isinstance(value, str):
        return Path(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        raise DataError(f"{path}: {name} must be of type {kind.__name__}, got {value!r}")
    return value


def _check_bounds(config: Any) -> None:
    for item in dataclasses.fields(config):
        value = getattr(config, item.name)
        low, high = item.metadata["minimum"], item.metadata["maximum"]
        flag = flag_name(item.name)
        if value is not None and low is not None and value < low:
            raise DataError(f"{flag} must be at least {low}, got {value}")
        if value is not None and high is not None and value > high:
            raise DataError(f"{flag} must be at most {high}, got {value}")
