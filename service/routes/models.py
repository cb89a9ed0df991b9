"""GET /models: what is served, and how good it is."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from models.manifest import Manifest
from service.registry import Registry
from service.repository import Repository
from service.routes.answering import service_of
from service.routes.openapi import problems
from service.tasks import TASKS

router = APIRouter(prefix="/models", tags=["models"])


class ModelSummary(BaseModel):
    """A model of the repository."""

    name: str
    task: str = Field(description="What it does.", examples=["forecast"])
    endpoint: str = Field(description="Where to ask it.", examples=["/forecast"])
    version: str = Field(description="The version that serves.")
    versions: list[str] = Field(description="All versions on disk, oldest first.")
    default: bool = Field(description="Whether it answers when a request names no model.")


class ModelList(BaseModel):
    """All models that serve."""

    models: list[ModelSummary]


class Metric(BaseModel):
    """A figure measured on a split of a data set, next to baselines measured with it."""

    name: str
    data: str
    split: str
    value: float
    baselines: dict[str, float]
    note: str


class ModelDetails(ModelSummary):
    """A model, with the figures of the version that serves."""

    metrics: list[Metric]
    parameters: dict[str, Any] = Field(description="What is particular to its task.")
    licence: str
    created: str


class VersionDetails(BaseModel):
    """The manifest of an export, in full."""

    serves: bool = Field(description="Whether this version is the one that answers.")
    manifest: dict[str, Any]


@router.get("", responses=problems(401, 503))
def list_models(request: Request) -> ModelList:
    """All models that serve."""
    registry, repository = _places(request)
    return ModelList(
        models=[ModelSummary(**_summary(name, registry, repository)) for name in registry.models]
    )


@router.get("/{name}", responses=problems(401, 404, 503))
def show_model(request: Request, name: str) -> ModelDetails:
    """One model: its versions, and the measured figures of the one that serves."""
    registry, repository = _places(request)
    manifest = registry.by_name(name).export.manifest
    return ModelDetails(
        **_summary(name, registry, repository),
        metrics=[Metric(**asdict(metric)) for metric in manifest.metrics],
        parameters=dict(manifest.parameters),
        licence=manifest.licence,
        created=manifest.created,
    )


@router.get("/{name}/versions/{version}", responses=problems(401, 404, 503))
def show_version(request: Request, name: str, version: str) -> VersionDetails:
    """The manifest of any version on disk: inputs, outputs, digests, training, data, figures."""
    registry, repository = _places(request)
    manifest = repository.manifest(name, version)
    serves = name in registry.models and registry.models[name].version == version
    return VersionDetails(serves=serves, manifest=_as_json(manifest))


def _places(request: Request) -> tuple[Registry, Repository]:
    service = service_of(request)
    return service.registry, Repository(service.settings.repository)


def _summary(name: str, registry: Registry, repository: Repository) -> Mapping[str, Any]:
    model = registry.models[name]
    task = model.export.manifest.task
    return {
        "name": name,
        "task": task,
        "endpoint": TASKS[task].endpoint,
        "version": model.version,
        "versions": repository.versions(name),
        "default": registry.default_of(task) == name,
    }


def _as_json(manifest: Manifest) -> dict[str, Any]:
    return asdict(manifest)
