"""Plain FastAPI: a typed endpoint per model, a uvicorn worker per core, no batching.

What its documentation recommends: pydantic models for body and answer (validated and written in
Rust), the extras of `uvicorn[standard]`, workers as many as cores, no access log. The endpoint is
`async def` and computes in place.
"""

import os

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from shipped_models import served_model


class ClassifyRequest(BaseModel):
    images: list[list[list[float]]]


class Prediction(BaseModel):
    label: str
    probabilities: list[float]


class ClassifyAnswer(BaseModel):
    predictions: list[Prediction]


class ForecastRequest(BaseModel):
    series: list[list[float]]
    horizon: int = 12
    season_length: int = 0


class Forecast(BaseModel):
    mean: list[float]
    quantiles: dict[str, list[float]]


class ForecastAnswer(BaseModel):
    forecasts: list[Forecast]


app = FastAPI()
model = served_model()


@app.post("/classify")
async def classify(request: ClassifyRequest) -> ClassifyAnswer:
    return model.predict([model.decode(request.__dict__)])[0]


@app.post("/forecast")
async def forecast(request: ForecastRequest) -> ForecastAnswer:
    return model.predict([model.decode(request.__dict__)])[0]


if __name__ == "__main__":
    uvicorn.run(
        "serve:app",
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        workers=int(os.environ["BENCH_WORKERS"]),
        access_log=False,
        timeout_worker_healthcheck=60,  # torch may take longer to import than the default allows
        log_level="warning",
    )
