"""GET /healthz/live and /healthz/ready."""

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from service.routes.answering import service_of
from service.routes.openapi import problems

router = APIRouter(prefix="/healthz", tags=["health"])


class Liveness(BaseModel):
    """The process answers."""

    status: Literal["live"] = "live"


class Threads(BaseModel):
    """How the processors are shared."""

    processors: int = Field(description="What the container grants: affinity and quota.")
    workers: int = Field(description="Processes that serve.")
    intra_op: int = Field(description="Threads inside one forward pass.")
    inter_op: int = Field(description="Forward passes side by side inside one graph.")


class Readiness(BaseModel):
    """Every model is loaded, checked and warm."""

    status: Literal["ready"] = "ready"
    models: dict[str, str] = Field(description="Version of every model that serves.")
    threads: Threads


@router.get("/live")
async def live() -> Liveness:
    """Whether the process answers at all."""
    return Liveness()


@router.get("/ready", responses=problems(503))
async def ready(request: Request) -> Readiness:
    """Whether predictions are answered; 503 until every model is loaded, checked and warm."""
    service = service_of(request)
    plan = service.threads
    return Readiness(
        models={name: model.version for name, model in service.healthy().models.items()},
        threads=Threads(
            processors=plan.processors,
            workers=plan.workers,
            intra_op=plan.intra_op,
            inter_op=plan.inter_op,
        ),
    )
