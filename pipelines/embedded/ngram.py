"""Back-off trigram models as arrays: counted from sentences (Witten-Bell), queried, and mixed with one another.

Pure: no files, no clock. All logarithms are to the base 10.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

START = "<s>"
END = "</s>"
_NEVER = -99.0

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BackoffModel:
    """A trigram model. Column i of `bigrams` (2, n) and `trigrams` (3, n) holds word ids, oldest first, sorted."""

    words: tuple[str, ...]
    log_prob: Floats
    backoff: Floats
    bigrams: Ints
    log_prob2: Floats
    backoff2: Floats
    trigrams: Ints
    log_prob3: Floats

    @classmethod
    def make(
        cls,
        *,
        words: Sequence[str],
        log_prob: Floats,
        backoff: Floats,
        bigrams: Ints,
        log_prob2: Floats,
        backoff2: Floats,
        trigrams: Ints,
        log_prob3: Floats,
    ) -> BackoffModel:
        """Sorts the n-grams by their ids, as the queries need."""
        size = len(words)
        order2 = np.argsort(_key(bigrams, size=size))
        order3 = np.argsort(_key(trigrams, size=size))
        return cls(
            words=tuple(words),
            log_prob=log_prob,
            backoff=backoff,
            bigrams=bigrams[:, order2],
            log_prob2=log_prob2[order2],
            backoff2=backoff2[order2],
            trigrams=trigrams[:, order3],
            log_prob3=log_prob3[order3],
        )

    def log_prob_of_bigrams(self, bigrams: Ints) -> Floats:
        """log P(w | h) for (2, n) ids, backing off where the pair was not seen."""
        history, word = bigrams
        found, place = _find(self.bigrams, bigrams, size=len(self.words))
        return np.where(found, _take(self.log_prob2, place), self.backoff[history] + self.log_prob[word])

    def log_prob_of_trigrams(self, trigrams: Ints) -> Floats:
        """log P(w | h2, h1) for (3, n) ids, backing off where the triple was not seen."""
        found, place = _find(self.trigrams, trigrams, size=len(self.words))
        has_context, context = _find(self.bigrams, trigrams[:2], size=len(self.words))
        lower = self.log_prob_of_bigrams(trigrams[1:]) + np.where(has_context, _take(self.backoff2, context), 0.0)
        return np.where(found, _take(self.log_prob3, place), lower)

    def widened(self, words: Sequence[str]) -> BackoffModel:
        """The same model over the larger vocabulary `words`; words it does not know get probability 0."""
        place = {word: index for index, word in enumerate(words)}
        new_id = np.array([place[word] for word in self.words], np.int64)
        log_prob = np.full(len(words), _NEVER)
        backoff = np.zeros(len(words))
        log_prob[new_id] = self.log_prob
        backoff[new_id] = self.backoff
        return BackoffModel.make(
            words=words,
            log_prob=log_prob,
            backoff=backoff,
            bigrams=new_id[self.bigrams],
            log_prob2=self.log_prob2,
            backoff2=self.backoff2,
            trigrams=new_id[self.trigrams],
            log_prob3=self.log_prob3,
        )


def _key(ids: Ints, *, size: int) -> Ints:
    key = ids[0].astype(np.int64)
    for row in ids[1:]:
        key = key * size + row
    return key


def _find(known: Ints, wanted: Ints, *, size: int) -> tuple[npt.NDArray[np.bool_], Ints]:
    known_keys, wanted_keys = _key(known, size=size), _key(wanted, size=size)
    place = np.minimum(np.searchsorted(known_keys, wanted_keys), max(0, len(known_keys) - 1))
    if not len(known_keys):
        return np.zeros(len(wanted_keys), np.bool_), place
    return known_keys[place] == wanted_keys, place


def _take(values: Floats, place: Ints) -> Floats:
    return values[place] if len(values) else np.zeros(len(place))


def witten_bell(sentences: Iterable[Sequence[str]]) -> BackoffModel:
    """An interpolated Witten-Bell trigram model of tokenised sentences.

    P(w | h) = (count(h w) + kinds(h) * P(w | shorter h)) / (count(h) + kinds(h)).

    Raises:
        ValueError: there is no sentence.
    """
    rows = [[START, *sentence, END] for sentence in sentences]
    if not rows:
        raise ValueError("a language model needs at least one sentence, none came")
    words = sorted({word for row in rows for word in row} | {START, END})
    ids = {word: index for index, word in enumerate(words)}
    coded = [[ids[word] for word in row] for row in rows]
    singles = Counter(word for row in coded for word in row[1:])
    pairs = Counter(pair for row in coded for pair in pairwise(row))
    triples = Counter(triple for row in coded for triple in zip(row, row[1:], row[2:], strict=False))

    count = np.array([singles[index] for index in range(len(words))], np.float64)
    kinds = float((count > 0).sum())
    prob = (count + kinds / (len(words) - 1)) / (count.sum() + kinds)
    prob[ids[START]] = 10**_NEVER

    bigrams = np.array(sorted(pairs), np.int64).T
    count2 = np.array([pairs[(int(h), int(w))] for h, w in bigrams.T], np.float64)
    prob2, kept = _interpolate(groups=bigrams[0], size=len(words), count=count2, lower=prob[bigrams[1]])
    trigrams = np.array(sorted(triples), np.int64).T
    count3 = np.array([triples[(int(a), int(b), int(c))] for a, b, c in trigrams.T], np.float64)
    context_place = _find(bigrams, trigrams[:2], size=len(words))[1]
    lower3 = prob2[_find(bigrams, trigrams[1:], size=len(words))[1]]
    prob3, kept2 = _interpolate(groups=context_place, size=bigrams.shape[1], count=count3, lower=lower3)
    return BackoffModel.make(
        words=words,
        log_prob=np.log10(prob),
        backoff=np.log10(kept),
        bigrams=bigrams,
        log_prob2=np.log10(prob2),
        backoff2=np.log10(kept2),
        trigrams=trigrams,
        log_prob3=np.log10(prob3),
    )


def _interpolate(*, groups: Ints, size: int, count: Floats, lower: Floats) -> tuple[Floats, Floats]:
    """Witten-Bell probabilities of one order, and the mass each of the `size` contexts leaves to the shorter one."""
    total = np.bincount(groups, count, size)
    kinds = np.bincount(groups, minlength=size).astype(np.float64)
    prob = (count + kinds[groups] * lower) / (total + kinds)[groups]
    left = np.where(total > 0, kinds / np.maximum(total + kinds, 1.0), 1.0)
    return prob, left


def mix(first: BackoffModel, second: BackoffModel, *, weight: float) -> BackoffModel:
    """`weight` * first + (1 - weight) * second over the union of their words and n-grams, normalised anew."""
    words = sorted(set(first.words) | set(second.words))
    size = len(words)
    pair = (first.widened(words), second.widened(words))
    prob = weight * 10 ** pair[0].log_prob + (1 - weight) * 10 ** pair[1].log_prob
    prob[words.index(START)] = 0.0
    prob /= prob.sum()

    trigrams = _union([model.trigrams for model in pair], size=size)
    bigrams = _union([*(model.bigrams for model in pair), trigrams[1:]], size=size)
    prob2 = _blend([10 ** model.log_prob_of_bigrams(bigrams) for model in pair], weight=weight)
    prob3 = _blend([10 ** model.log_prob_of_trigrams(trigrams) for model in pair], weight=weight)
    backoff = _left_over(groups=bigrams[0], size=size, prob=prob2, lower=prob[bigrams[1]])
    lower3 = prob2[_find(bigrams, trigrams[1:], size=size)[1]]
    has_context, context = _find(bigrams, trigrams[:2], size=size)
    if not has_context.all():
        raise ValueError("a trigram's first two words are no bigram of either model")
    backoff2 = _left_over(groups=context, size=bigrams.shape[1], prob=prob3, lower=lower3)
    prob[words.index(START)] = 10**_NEVER
    return BackoffModel(
        words=tuple(words),
        log_prob=np.log10(prob),
        backoff=np.log10(backoff),
        bigrams=bigrams,
        log_prob2=np.log10(prob2),
        backoff2=np.log10(backoff2),
        trigrams=trigrams,
        log_prob3=np.log10(prob3),
    )


def _blend(probs: list[Floats], *, weight: float) -> Floats:
    return np.maximum(weight * probs[0] + (1 - weight) * probs[1], 1e-12)


def _union(parts: list[Ints], *, size: int) -> Ints:
    keys = np.unique(np.concatenate([_key(part, size=size) for part in parts]))
    rows: list[Ints] = []
    for _ in range(parts[0].shape[0] - 1):
        rows.append(keys % size)
        keys = keys // size
    return np.stack([keys, *reversed(rows)])


def _left_over(*, groups: Ints, size: int, prob: Floats, lower: Floats) -> Floats:
    """Back-off factor of each context: mass not given to its own n-grams over what these have in the lower order."""
    given = np.bincount(groups, prob, size)
    lower_given = np.bincount(groups, lower, size)
    return np.clip((1 - given) / np.maximum(1 - lower_given, 1e-6), 1e-6, 1e3)
