"""The next-word task: texts to word ids, ids and probabilities to JSON."""

from pathlib import Path

import numpy as np

from models.manifest import Manifest
from models.tokenizer import Tokenizer, Vocabulary
from service.rows import Arrays, Rows
from service.tasks.contract import Payload, Task
from service.tasks.next_word_api import NextWordRequest

# Only the last few words count, so only the end of a long text is cut into words.
CHARACTERS_PER_WORD = 200


class NextWordTask(Task[NextWordRequest]):
    """Suggest the word that comes next."""

    name = "next-word"
    endpoint = "/next-word"

    def __init__(self, manifest: Manifest, folder: Path) -> None:
        super().__init__(manifest, folder)
        self.context_length = int(self.parameters["context_length"])
        self.tokenizer = Tokenizer.from_spec(self.parameters["tokenizer"])
        file = folder / Path(self.parameters["vocabulary_file"]).name
        self.vocabulary = Vocabulary.from_text(file.read_text(encoding="utf-8"))

    def decode(self, request: NextWordRequest) -> Rows:
        """The ids of the last words of every context, padded on the left."""
        ids = [self._ids(context) for context in request.contexts]
        return Rows({"contexts": np.array(ids, dtype=np.int64).reshape(len(ids), -1)})

    def _ids(self, context: str) -> list[int]:
        limit = CHARACTERS_PER_WORD * self.context_length
        words = self.tokenizer.words(context[-limit:])
        return self.vocabulary.context(words, self.context_length)

    def encode(self, request: NextWordRequest, outputs: Arrays) -> Payload:
        """The words of the likeliest ids."""
        words = outputs["words"][:, : request.top_k].tolist()
        probabilities = outputs["probabilities"][:, : request.top_k]
        return {
            "predictions": [
                {"candidates": self._candidates(ids, likely)}
                for ids, likely in zip(words, probabilities, strict=True)
            ]
        }

    def _candidates(self, ids: list[int], probabilities: "np.ndarray") -> list[Payload]:
        return [
            {"word": self.vocabulary.words[number], "probability": probability}
            for number, probability in zip(ids, probabilities, strict=True)
        ]
