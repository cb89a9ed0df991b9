"""The runtimes: tensors of the open inference protocol in and out, with NumPy codecs."""

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse
from shipped_models import LEVELS, Digits, Forecaster


class DigitsRuntime(MLModel):
    async def load(self) -> bool:
        self.model = Digits()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        images = NumpyCodec.decode_input(payload.inputs[0])
        probabilities = self.model.forward(images)
        labels = probabilities.argmax(axis=1, keepdims=True)
        return self.answer({"labels": labels, "probabilities": probabilities})

    def answer(self, arrays: dict[str, np.ndarray]) -> InferenceResponse:
        outputs = [NumpyCodec.encode_output(name, array) for name, array in arrays.items()]
        return InferenceResponse(model_name=self.name, outputs=outputs)


class ForecastRuntime(DigitsRuntime):
    async def load(self) -> bool:
        self.model = Forecaster()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        values, lengths = (NumpyCodec.decode_input(each) for each in payload.inputs)
        series = [row[-n:] for row, n in zip(values, lengths[:, 0].tolist(), strict=True)]
        mean, quantiles = self.model.forward(series, [12] * len(series))
        levels = np.ascontiguousarray(quantiles[:, :12, list(LEVELS.values())].transpose(0, 2, 1))
        return self.answer({"mean": np.ascontiguousarray(mean[:, :12]), "quantiles": levels})
