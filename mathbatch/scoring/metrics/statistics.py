"""How sure a score is: intervals of an accuracy, pass@k, maj@k, and the comparison of two runs over the same samples.

Pure functions. Scores, bounds and p-values are fractions, never per cent: three samples of 8 rollouts each, of which
3, 8 and 0 are correct, give `clustered([(3.0, 8), (8.0, 8), (0.0, 8)])`, from 0.137 to 0.819.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from statistics import NormalDist
from typing import NamedTuple

ROUNDING = 1e-12
"""A standard error up to this is rounding: one different rollout among 10^11 gives more."""


class Interval(NamedTuple):
    """A confidence interval; both bounds belong to it."""

    low: float
    high: float


def wilson(successes: float, trials: float, confidence: float = 0.95) -> Interval:
    """The score interval of a share, without continuity correction; both bounds are in [0, 1].

    `trials` may be fractional, as an effective sample size is. Raises ValueError unless 0 < trials, 0 <= successes <=
    trials and 0 < confidence < 1.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference, J. Am. Stat. Assoc.
    22:209-212; method 3 of Newcombe (1998), Statistics in Medicine 17:857-872.
    """
    if not 0 < trials < math.inf:
        raise ValueError(f"trials must be above 0 and finite, not {trials}")
    if not 0 <= successes <= trials:
        raise ValueError(f"successes must be from 0 to {trials} (trials), not {successes}")
    z = _quantile(confidence)
    failures = trials - successes
    return Interval(_wilson_low(successes, failures, z), 1 - _wilson_low(failures, successes, z))


def clustered(clusters: Iterable[tuple[float, int]], confidence: float = 0.95) -> Interval:
    """The interval of a mean score whose scores come in clusters, as the rollouts of one sample do; within [0, 1].

    A cluster is (sum of its scores, number of its scores), each score in [0, 1]. The interval is Wilson's with the
    effective sample size mean * (1 - mean) / error^2 of `clustered_error`, at most the number of scores. Where the
    error is 0, as where all scores are 0 or all are 1, nothing tells how alike the scores of a cluster are, and each
    cluster is one trial. Keeps only the distinct clusters. Raises ValueError as `clustered_error` and `wilson` do.

    Source: Wilson's interval at an effective sample size is examined by Dean & Pagano (2015), J. Survey Statistics and
    Methodology 3:484-503, and Franco, Little, Louis & Slud (2019), same journal 7:334-364. That size is Korn &
    Graubard's (1998), Survey Methodology 24:193-201, there in the exact interval, less their degrees of freedom.
    """
    sums = _sums(clusters)
    spread = sums.mean * (1 - sums.mean)
    trials = min(spread / sums.error**2, sums.scores) if sums.error else sums.clusters
    return wilson(sums.mean * trials, trials, confidence)


def clustered_error(clusters: Iterable[tuple[float, int]]) -> float:
    """The cluster-robust standard error of the mean score, in units of the score.

    sqrt(sum of (S_c - n_c * mean)^2) / N, with S_c the sum and n_c the number of a cluster's scores, N that of all.
    Raises ValueError where there is no cluster, one has no score, or a sum is not in [0, n_c].

    Source: Liang & Zeger (1986), Biometrika 73:13-22, for a mean: the sandwich CR0, not corrected for few clusters. For
    evaluations of models: Miller (2024), Adding error bars to evals, arXiv:2411.00640, on clustered standard errors.
    """
    return _sums(clusters).error


def pass_at_k(correct: int, trials: int, k: int) -> float:
    """The chance that at least one of k rollouts is correct, where `correct` of the `trials` rollouts drawn are.

    The mean over all subsets of k rollouts, hence unbiased. Counted in whole numbers and rounded once, so pass@1 is
    correct / trials to the last digit. Raises ValueError unless 1 <= k <= trials and 0 <= correct <= trials.

    Source: Chen et al. (2021), Evaluating large language models trained on code, arXiv:2107.03374, equation 1.
    """
    _check_k(k, trials)
    if not 0 <= correct <= trials:
        raise ValueError(f"correct must be from 0 to {trials} (trials), not {correct}")
    subsets = math.comb(trials, k)
    return (subsets - math.comb(trials - correct, k)) / subsets


def majority_at_k(answers: Sequence[str | None], is_correct: Sequence[bool], k: int) -> float:
    """The share of votes among k rollouts that a correct answer wins, for one sample; in [0, 1].

    `answers` are those of one sample in rollout order, None where no answer was found. Each k of them in a row are one
    vote; a remainder shorter than k is left out. The most frequent answer wins, those who tie share the vote equally.
    None counts for nobody. All correct answers are one answer whatever their text; wrong ones are told apart by their
    text. Raises ValueError unless 1 <= k <= len(answers), or where the lengths differ.

    Source: the unweighted vote of Wang et al. (2022), Self-consistency improves chain of thought reasoning,
    arXiv:2203.11171. Disjoint votes and shared ties are choices made here.
    """
    _check_k(k, len(answers))
    ballots = list(zip(answers, is_correct, strict=True))
    starts = range(0, len(ballots) - k + 1, k)
    return math.fsum(_won(ballots[start : start + k]) for start in starts) / len(starts)


def mcnemar(only_first: int, only_second: int) -> float:
    """The two-sided p-value of "both are equally good", where one alone is correct on so many samples.

    Exact: twice the binomial chance of the smaller count or less, at most 1; 1 where both are 0; 0 below about 1e-300.
    Takes a multiple of sqrt(only_first + only_second) steps. Raises ValueError where a count is negative.

    Source: McNemar (1947), Psychometrika 12:153-157; the exact conditional test of Fagerland, Lydersen & Laake (2013),
    BMC Medical Research Methodology 13:91.
    """
    if only_first < 0 or only_second < 0:
        raise ValueError(f"counts must be at least 0, not {only_first} and {only_second}")
    count, fewer = only_first + only_second, min(only_first, only_second)
    # From the middle outwards, each binomial weight follows from the one before: no logarithms that cancel.
    weight, tail, inner = 1.0, 0.0, 0.0
    for at in range(count // 2, -1, -1):
        tail, inner = (tail + weight, inner) if at <= fewer else (tail, inner + weight)
        weight *= at / (count - at + 1)
        if weight < max(1e-305, tail * 1e-18):  # floats lose digits from 1e-308 on
            break
    everything = 2 * (tail + inner) - (count % 2 == 0)  # the middle of an even count is no one's mirror image
    return min(1.0, 2 * tail / everything)


def paired_difference(
    pairs: Iterable[tuple[float, float]], confidence: float = 0.95, groups: Iterable[Hashable] | None = None
) -> tuple[float, Interval | None]:
    """The mean of first less second over the samples, with its normal interval, both in units of the score.

    A pair is the two scores of one sample. `groups` says what each sample belongs to, where the differences of some go
    together; else each is its own. The standard error is sqrt(C / (C - 1) * sum of (D_c - n_c * mean)^2) / N, with D_c
    the sum of the n_c differences of each of C groups, N the number of all; where every group is one sample that is the
    usual one. The interval is None where that is 0: from differences that are all equal nothing can be said of others.
    It is not cut to possible differences: scores may be anything. Raises ValueError for fewer than two pairs, a score
    that is not finite, or unless 0 < confidence < 1.

    Source: Miller (2024), Adding error bars to evals, arXiv:2411.00640, on paired differences and clustered standard
    errors; C / (C - 1) is the correction for few clusters of Stata and statsmodels.
    """
    sums: dict[Hashable, tuple[float, int]] = {}
    of_each = itertools.count() if groups is None else groups
    for (first, second), group in zip(pairs, of_each, strict=groups is not None):
        total, size = sums.get(group, (0.0, 0))
        sums[group] = total + (first - second), size + 1
    count = sum(size for _, size in sums.values())
    if count < 2:
        raise ValueError(f"a difference needs at least 2 pairs, not {count}")
    if not all(math.isfinite(total) for total, _ in sums.values()):
        raise ValueError("a score is not finite")
    mean = math.fsum(total for total, _ in sums.values()) / count
    squares = math.fsum((total - size * mean) ** 2 for total, size in sums.values())
    error = math.sqrt(squares * len(sums) / max(1, len(sums) - 1)) / count
    reach = _quantile(confidence) * error
    return mean, Interval(mean - reach, mean + reach) if error > ROUNDING else None


def paired_shares(
    both: int, only_first: int, only_second: int, neither: int, confidence: float = 0.95
) -> tuple[float, Interval]:
    """The difference of two shares of the same samples, first less second, with its interval, which lies in [-1, 1].

    The Wilson intervals of both shares, put together with their correlation, which is corrected for continuity where
    it is above 0. Raises ValueError where a count is negative or all are 0, or unless 0 < confidence < 1.

    Source: method 10 of Newcombe (1998), Improved confidence intervals for the difference between binomial proportions
    based on paired data, Statistics in Medicine 17:2635-2650.
    """
    if min(both, only_first, only_second, neither) < 0:
        raise ValueError("counts must be at least 0")
    count, ours, theirs = both + only_first + only_second + neither, both + only_first, both + only_second
    first, second = wilson(ours, count, confidence), wilson(theirs, count, confidence)
    cross = both * neither - only_first * only_second
    spread = math.sqrt(ours * (count - ours) * theirs * (count - theirs))
    phi = min(cross, max(0.0, cross - count / 2)) / spread if spread else 0.0
    share, other, difference = ours / count, theirs / count, (only_first - only_second) / count
    down = _reach(share - first.low, second.high - other, phi)
    up = _reach(first.high - share, other - second.low, phi)
    return difference, Interval(max(-1.0, difference - down), min(1.0, difference + up))


class _Sums(NamedTuple):
    clusters: int
    scores: int
    mean: float
    error: float


def _sums(clusters: Iterable[tuple[float, int]]) -> _Sums:
    times = Counter(clusters)  # n rollouts that are right or wrong make n + 1 different clusters, however many samples
    for total, size in times:
        if size < 1 or not 0 <= total <= size:
            raise ValueError(f"a cluster needs a score, and a sum from 0 to their number, not {total} of {size}")
    scores = sum(size * count for (_, size), count in times.items())
    if not scores:
        raise ValueError("there is no cluster")
    mean = math.fsum(total * count for (total, _), count in times.items()) / scores
    error = math.sqrt(math.fsum((total - size * mean) ** 2 * count for (total, size), count in times.items())) / scores
    return _Sums(times.total(), scores, mean, error if error > ROUNDING else 0.0)


def _wilson_low(successes: float, failures: float, z: float) -> float:
    # The smaller root as the product of both over the larger: nothing cancels, and no successes give exactly 0.
    trials = successes + failures
    larger = 2 * successes + z * z + z * math.sqrt(z * z + 4 * successes * failures / trials)
    return 2 * successes * successes / trials / larger


def _reach(ours: float, theirs: float, correlation: float) -> float:
    return math.sqrt(max(0.0, ours**2 - 2 * correlation * ours * theirs + theirs**2))  # rounding may go below 0


def _won(ballots: Sequence[tuple[str | None, bool]]) -> float:
    """The share of one vote that the correct answer wins."""
    correct = sum(right for _, right in ballots)
    wrong = Counter(answer for answer, right in ballots if not right and answer is not None)
    most = max(wrong.values(), default=0)
    if correct == 0 or correct < most:
        return 0.0
    return 1.0 if correct > most else 1 / (1 + sum(count == most for count in wrong.values()))


def _check_k(k: int, trials: int) -> None:
    if not 1 <= k <= trials:
        raise ValueError(f"k must be from 1 to {trials} (rollouts), not {k}")


def _quantile(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1, as 0.95, not {confidence}")
    return NormalDist().inv_cdf(0.5 + confidence / 2)
