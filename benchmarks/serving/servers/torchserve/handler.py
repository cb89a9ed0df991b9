"""The handler: all requests of a batch in one forward pass."""

import orjson
from shipped_models import served_model


class Handler:
    def __init__(self) -> None:
        self.model = None
        self.initialized = False

    def initialize(self, context) -> None:
        self.model = served_model()
        self.initialized = True

    def handle(self, data, context):
        requests = [self.model.decode(orjson.loads(row["body"])) for row in data]
        return [orjson.dumps(answer) for answer in self.model.predict(requests)]
