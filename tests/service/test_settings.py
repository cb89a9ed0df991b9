"""Settings: bounded, frozen, from the environment, and documented."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import SettingsError

from service.server import as_environment
from service.settings import ENV_PREFIX, Settings

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "settings.md"


def test_variables_set_the_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQSERVE_PORT", "9001")
    monkeypatch.setenv("SEQSERVE_REPOSITORY", "/exports")

    assert (Settings().port, Settings().repository) == (9001, Path("/exports"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "65536"),
        ("WORKERS", "0"),
        ("MAX_BATCH_ROWS", "0"),
        ("LOG_FORMAT", "xml"),
        ("THREADS", "many"),
    ],
)
def test_a_value_out_of_bounds_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(ENV_PREFIX + name, value)

    with pytest.raises((ValidationError, SettingsError)):
        Settings()


def test_settings_never_change() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]


def test_settings_travel_to_other_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(port=81, repository=Path("/x"), threads=3, access_log=False)
    for name, value in as_environment(settings).items():
        monkeypatch.setenv(name, value)

    assert Settings() == settings


def shown_default(field: FieldInfo) -> str:
    return "made at start" if field.default_factory else f"`{field.default}`"


def test_every_setting_is_described_with_its_default_in_the_docs() -> None:
    rows = {
        cells[0].strip("`"): cells
        for line in DOCUMENT.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
        for cells in [[cell.strip() for cell in line.strip("|").split("|")]]
    }
    documented = {
        ENV_PREFIX + name.upper(): [shown_default(field), field.description]
        for name, field in Settings.model_fields.items()
    }

    assert {name: cells[1:3] for name, cells in rows.items()} == documented


def test_every_setting_has_a_description_and_a_bound_or_choices() -> None:
    free = {"repository", "access_log", "api_keys", "api_keys_file"} | {
        name for name in Settings.model_fields if name.startswith("default_")
    }
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert name in free or field.metadata or "Literal" in str(field.annotation), name


def test_the_secret_of_state_tokens_reaches_other_workers_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = Settings()
    assert settings.state_secret != Settings().state_secret
    assert settings.state_secret.get_secret_value() not in f"{settings!r} {settings}"

    for name, value in as_environment(settings).items():
        monkeypatch.setenv(name, value)
    assert Settings().state_secret == settings.state_secret
