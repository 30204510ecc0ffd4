"""The recogniser's binary language model file ("Trie Language Model", 3-grams), read and written with numpy.

The library that reads this format at run time cannot write the bundled model out, and reading ARPA text costs seconds
in every worker. Layout: header, order, counts, two bins tables for bigrams and one for trigrams (65,536 float32 each),
unigrams, bit-packed bigrams, bit-packed trigrams, words. Entries are keyed backwards: word, then the one before it.
Probabilities are logarithms to the base 1.0001.
"""

from __future__ import annotations

import math
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.embedded.ngram import BackoffModel

HEADER = b"Trie Language Model"
BINS = 65536
_QUANT_BITS = 16
_PAD_BYTES = 8
_LOG10_OF_BASE = math.log10(1.0001)
_UNIGRAM = np.dtype([("log_prob", "<f4"), ("backoff", "<f4"), ("next", "<u4")])

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]


class TrieFileError(ValueError):
    """A file is not a 3-gram model in the trie format."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Bit widths of the packed entries; they follow from the three counts."""

    word_bits: int
    next_bits: int

    @classmethod
    def of(cls, *, unigrams: int, trigrams: int) -> _Layout:
        return cls(word_bits=unigrams.bit_length(), next_bits=trigrams.bit_length())

    @property
    def bigram_bits(self) -> int:
        return self.word_bits + 2 * _QUANT_BITS + self.next_bits

    @property
    def trigram_bits(self) -> int:
        return self.word_bits + _QUANT_BITS


def _packed_size(*, entries: int, bits: int) -> int:
    return ((1 + entries) * bits + 7) // 8 + _PAD_BYTES


def _unpack(memory: Bytes, *, offsets: Ints, bits: int) -> Ints:
    start = offsets >> 3
    value = np.zeros(len(offsets), np.uint64)
    for index in range(5):
        value |= memory[start + index].astype(np.uint64) << np.uint64(8 * index)
    value >>= (offsets & 7).astype(np.uint64)
    return (value & np.uint64((1 << bits) - 1)).astype(np.int64)


def _pack(fields: list[tuple[Ints, int]], *, entries: int) -> bytes:
    """Bit-packs `entries` + 1 rows (the last holds the closing pointer) of fields of at most 25 bits each.

    Eight rows fill a whole number of bytes, so that each field of each of the eight has a fixed place.
    """
    row_bits = sum(bits for _, bits in fields)
    blocks = -(-(entries + 1) // 8)
    out = np.zeros((blocks, row_bits + 5), np.uint8)
    for lane in range(8):
        bit = lane * row_bits
        for values, bits in fields:
            lane_values = values[lane::8].astype(np.uint64) << np.uint64(bit & 7)
            for index in range(5):
                part = (lane_values >> np.uint64(8 * index)).astype(np.uint8)
                out[: len(part), (bit >> 3) + index] |= part
            bit += bits
    packed = out[:, :row_bits].tobytes()
    return packed[: _packed_size(entries=entries, bits=row_bits) - _PAD_BYTES].ljust(
        _packed_size(entries=entries, bits=row_bits), b"\0"
    )


def read_trie(path: Path, *, top_words: int, without: Set[str] = frozenset()) -> BackoffModel:
    """The model at `path`, cut down to its `top_words` most probable words less `without`, and their n-grams.

    Raises:
        TrieFileError: the file is of another kind or cut off.
        OSError: it cannot be read.
    """
    raw = path.read_bytes()
    if not raw.startswith(HEADER) or raw[len(HEADER)] != 3:
        raise TrieFileError(f"{path}: expected a 3-gram model starting with {HEADER!r}")
    try:
        return _parse(raw, top_words=top_words, without=without)
    except (ValueError, IndexError) as error:
        raise TrieFileError(f"{path}: the file is cut off or damaged ({error})") from error


def _parse(raw: bytes, *, top_words: int, without: Set[str]) -> BackoffModel:
    place = len(HEADER) + 1
    unigram_count, bigram_count, trigram_count = np.frombuffer(raw, "<u4", 3, place).tolist()
    place += 16  # three counts and a field no longer used
    bins = np.frombuffer(raw, "<f4", 3 * BINS, place).astype(np.float64) * _LOG10_OF_BASE
    place += 3 * BINS * 4
    unigrams = np.frombuffer(raw, _UNIGRAM, unigram_count + 1, place)
    place += (unigram_count + 1) * _UNIGRAM.itemsize
    layout = _Layout.of(unigrams=unigram_count, trigrams=trigram_count)
    memory = np.frombuffer(raw, np.uint8, len(raw) - place, place)
    words_at = _packed_size(entries=bigram_count, bits=layout.bigram_bits)
    trigram_memory = memory[words_at:]
    words_at += _packed_size(entries=trigram_count, bits=layout.trigram_bits)
    word_bytes = int.from_bytes(memory[words_at : words_at + 4].tobytes(), "little")
    words = [w.decode() for w in memory[words_at + 4 : words_at + 4 + word_bytes].tobytes().split(b"\0")[:-1]]

    log_prob = unigrams["log_prob"][:-1].astype(np.float64) * _LOG10_OF_BASE
    ranked = np.argsort(-log_prob)[:top_words]
    kept = np.array(sorted(index for index in ranked.tolist() if words[index] not in without), np.int64)
    new_id = np.full(unigram_count, -1, np.int64)
    new_id[kept] = np.arange(len(kept))

    # Bigrams: the entry's place in the unigrams' ranges gives its last word, the entry itself the one before.
    starts = unigrams["next"].astype(np.int64)
    bigram_count = int(starts[-1])
    last = np.repeat(np.arange(unigram_count), np.diff(starts))
    offsets = np.arange(bigram_count + 1, dtype=np.int64) * layout.bigram_bits
    before = _unpack(memory, offsets=offsets[:-1], bits=layout.word_bits)
    next_at = layout.word_bits + 2 * _QUANT_BITS
    trigram_starts = _unpack(memory, offsets=offsets + next_at, bits=layout.next_bits)
    keep2 = (new_id[last] >= 0) & (new_id[before] >= 0)
    offsets2 = offsets[:-1][keep2] + layout.word_bits
    backoff2 = bins[BINS + _unpack(memory, offsets=offsets2, bits=_QUANT_BITS)]
    log_prob2 = bins[_unpack(memory, offsets=offsets2 + _QUANT_BITS, bits=_QUANT_BITS)]

    # Trigrams hang below the bigram of their last two words.
    parent = np.repeat(np.arange(bigram_count), np.diff(trigram_starts))
    offsets3 = np.arange(len(parent), dtype=np.int64) * layout.trigram_bits
    first = _unpack(trigram_memory, offsets=offsets3, bits=layout.word_bits)
    keep3 = keep2[parent] & (new_id[first] >= 0)
    log_prob3 = bins[2 * BINS + _unpack(trigram_memory, offsets=offsets3[keep3] + layout.word_bits, bits=_QUANT_BITS)]
    parent = parent[keep3]
    return BackoffModel.make(
        words=[words[index] for index in kept],
        log_prob=log_prob[kept],
        backoff=unigrams["backoff"][:-1].astype(np.float64)[kept] * _LOG10_OF_BASE,
        bigrams=np.stack([new_id[before[keep2]], new_id[last[keep2]]]),
        log_prob2=log_prob2,
        backoff2=backoff2,
        trigrams=np.stack([new_id[first[keep3]], new_id[before[parent]], new_id[last[parent]]]),
        log_prob3=log_prob3,
    )


def _quantise(values: Floats) -> tuple[npt.NDArray[np.float32], Ints]:
    """65,536 ascending bins and, for each value, the number of the nearest bin."""
    distinct = np.unique(values.astype(np.float32))
    if len(distinct) > BINS:
        ordered = np.sort(values.astype(np.float32))
        distinct = np.unique(ordered[np.linspace(0, len(ordered) - 1, BINS).astype(np.int64)])
    above = np.clip(np.searchsorted(distinct, values), 1, max(1, len(distinct) - 1))
    below = above - 1
    above = np.minimum(above, len(distinct) - 1)
    code = np.where(values - distinct[below] < distinct[above] - values, below, above)
    table = np.full(BINS, distinct[-1], np.float32)
    table[: len(distinct)] = distinct
    return table, code.astype(np.int64)


def trie_bytes(model: BackoffModel) -> bytes:
    """The file's content for `model`, which must hold the last two words of each trigram as a bigram."""
    count, count2, count3 = len(model.words), len(model.log_prob2), len(model.log_prob3)
    layout = _Layout.of(unigrams=count, trigrams=count3)
    history, word = model.bigrams
    order2 = np.lexsort((history, word))
    first, middle, last = model.trigrams
    order3 = np.lexsort((first, middle, last))

    bins2, prob_code2 = _quantise(model.log_prob2[order2] / _LOG10_OF_BASE)
    backoff_bins, backoff_code = _quantise(model.backoff2[order2] / _LOG10_OF_BASE)
    bins3, prob_code3 = _quantise(model.log_prob3[order3] / _LOG10_OF_BASE)

    unigrams = np.zeros(count + 1, _UNIGRAM)
    unigrams["log_prob"][:count] = model.log_prob / _LOG10_OF_BASE
    unigrams["backoff"][:count] = model.backoff / _LOG10_OF_BASE
    unigrams["next"] = np.searchsorted(word[order2], np.arange(count + 1))

    parent_keys = (word * count + history)[order2]
    next_of2 = np.searchsorted((last * count + middle)[order3], np.append(parent_keys, np.iinfo(np.int64).max))
    closing = np.zeros(1, np.int64)
    bigram_memory = _pack(
        [
            (np.concatenate([history[order2], closing]), layout.word_bits),
            (np.concatenate([backoff_code, closing]), _QUANT_BITS),
            (np.concatenate([prob_code2, closing]), _QUANT_BITS),
            (next_of2.astype(np.int64), layout.next_bits),
        ],
        entries=count2,
    )
    trigram_memory = _pack(
        [(np.concatenate([first[order3], closing]), layout.word_bits), (np.append(prob_code3, 0), _QUANT_BITS)],
        entries=count3,
    )
    words = b"".join(w.encode() + b"\0" for w in model.words)
    parts: list[Any] = [
        HEADER,
        bytes([3]),
        np.array([count, count2, count3, 1], "<u4").tobytes(),
        bins2.astype("<f4").tobytes(),
        backoff_bins.astype("<f4").tobytes(),
        bins3.astype("<f4").tobytes(),
        unigrams.tobytes(),
        bigram_memory,
        trigram_memory,
        np.array([len(words)], "<u4").tobytes(),
        words,
    ]
    return b"".join(parts)
