"""Compute confidence intervals of accuracies, pass@k, maj@k, and tests that compare two runs over the same samples.

All functions are pure. Scores, bounds and p-values are fractions, never per cent: three samples of 8 rollouts each, of
which 3, 8 and 0 are correct, give `clustered([(3.0, 8), (8.0, 8), (0.0, 8)])`, from 0.137 to 0.819.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from statistics import NormalDist
from typing import NamedTuple

# Standard errors up to this are rounding errors and count as 0: one different rollout among 10^11 gives more.
ROUNDING = 1e-12


class Interval(NamedTuple):
    """Confidence interval; both bounds belong to it."""

    low: float
    high: float


def wilson(successes: float, trials: float, confidence: float = 0.95) -> Interval:
    """Return Wilson's score interval of a share, without continuity correction; both bounds are in [0, 1].

    `trials` may be fractional, because an effective sample size is. Raises ValueError unless 0 < trials,
    0 <= successes <= trials and 0 < confidence < 1.

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
    """Return the interval of a mean of scores that come in clusters, such as the rollouts of one sample.

    A cluster is (sum of its scores, number of its scores), each score in [0, 1]; the interval lies in [0, 1], too. It
    is Wilson's with the effective sample size mean * (1 - mean) / error^2, where the error is `clustered_error`; the
    size is at most the number of scores. If the error is 0, for example because all scores are 1, the data does not
    tell how similar the scores of a cluster are. Then each cluster counts as one trial. Only distinct clusters are kept
    in memory. Raises ValueError as `clustered_error` and `wilson` do.

    Source: Wilson's interval at an effective sample size is examined by Dean & Pagano (2015), J. Survey Statistics and
    Methodology 3:484-503, and Franco, Little, Louis & Slud (2019), same journal 7:334-364. That size is Korn &
    Graubard's (1998), Survey Methodology 24:193-201, there in the exact interval, less their degrees of freedom.
    """
    summary = _summary_of(clusters)
    variance = summary.mean * (1 - summary.mean)
    trials = min(variance / summary.error**2, summary.scores) if summary.error else summary.clusters
    return wilson(summary.mean * trials, trials, confidence)


def clustered_error(clusters: Iterable[tuple[float, int]]) -> float:
    """Return the cluster-robust standard error of the mean score, in units of the score.

    It is sqrt(sum of (S_c - n_c * mean)^2) / N, with S_c the sum and n_c the number of a cluster's scores, and N the
    number of all scores. Raises ValueError if there is no cluster, one has no score, or a sum is not in [0, n_c].

    Source: Liang & Zeger (1986), Biometrika 73:13-22, for a mean: the sandwich CR0, not corrected for few clusters. For
    evaluations of models: Miller (2024), Adding error bars to evals, arXiv:2411.00640, on clustered standard errors.
    """
    return _summary_of(clusters).error


def pass_at_k(correct: int, trials: int, k: int) -> float:
    """Return the probability that at least one of k rollouts is correct, if `correct` of `trials` rollouts were.

    It is the mean over all subsets of k rollouts, hence unbiased. It is computed in integers and rounded once, so
    pass@1 is correct / trials to the last digit. Raises ValueError unless 1 <= k <= trials and 0 <= correct <= trials.

    Source: Chen et al. (2021), Evaluating large language models trained on code, arXiv:2107.03374, equation 1.
    """
    _check_k(k, trials)
    if not 0 <= correct <= trials:
        raise ValueError(f"correct must be from 0 to {trials} (trials), not {correct}")
    subsets = math.comb(trials, k)
    return (subsets - math.comb(trials - correct, k)) / subsets


def majority_at_k(answers: Sequence[str | None], is_correct: Sequence[bool], k: int) -> float:
    """Return the share of votes among k rollouts that a correct answer wins, for one sample; in [0, 1].

    `answers` are those of one sample in rollout order, None for a rollout without an answer. Every k successive
    rollouts hold one vote; a remainder shorter than k is left out. The most frequent answer wins, and answers that tie
    share the vote equally. None is no answer and can't win. All correct answers count as one answer whatever their
    text; wrong ones are told apart by their text. Raises ValueError unless 1 <= k <= len(answers), or if the lengths
    differ.

    Source: the unweighted vote of Wang et al. (2022), Self-consistency improves chain of thought reasoning,
    arXiv:2203.11171. Disjoint votes and shared ties are choices made here.
    """
    _check_k(k, len(answers))
    ballots = list(zip(answers, is_correct, strict=True))
    starts = range(0, len(ballots) - k + 1, k)
    return math.fsum(_share_won(ballots[start : start + k]) for start in starts) / len(starts)


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided p-value of McNemar's exact test, from the numbers of samples that only one run got right.

    It is twice the binomial probability of the smaller count or less, at most 1; it is 1 if both counts are 0, and 0
    below about 1e-300. Time grows with sqrt(only_first + only_second). Raises ValueError if a count is negative.

    Written by hand because scipy.stats takes 0.7 s and 95 MB to import, and differs in the last digits.

    Source: McNemar (1947), Psychometrika 12:153-157; the exact conditional test of Fagerland, Lydersen & Laake (2013),
    BMC Medical Research Methodology 13:91.
    """
    if only_first < 0 or only_second < 0:
        raise ValueError(f"counts must be at least 0, not {only_first} and {only_second}")
    count, fewer = only_first + only_second, min(only_first, only_second)
    # Each binomial weight follows from the one before, from the middle outwards. So no logarithms cancel each other.
    weight, tail, inner = 1.0, 0.0, 0.0
    for at in range(count // 2, -1, -1):
        tail, inner = (tail + weight, inner) if at <= fewer else (tail, inner + weight)
        weight *= at / (count - at + 1)
        if weight < max(1e-305, tail * 1e-18):  # floats lose digits from 1e-308 on
            break
    # Both halves are equal, but the middle weight of an even count belongs to both and is counted once.
    total = 2 * (tail + inner) - (count % 2 == 0)
    return min(1.0, 2 * tail / total)


def paired_difference(
    pairs: Iterable[tuple[float, float]], confidence: float = 0.95, groups: Iterable[Hashable] | None = None
) -> tuple[float, Interval | None]:
    """Return the mean of first less second over the samples and its normal interval, both in units of the score.

    A pair holds the two scores of one sample. `groups` names the group of each sample, if the differences of some
    samples depend on each other; None makes each sample its own group. The standard error is
    sqrt(C / (C - 1) * sum of (D_c - n_c * mean)^2) / N, with D_c the sum of the n_c differences in each of C groups,
    and N the number of all differences. With one sample in every group, it is the usual standard error. The interval is
    None if the error is 0: differences that are all equal say nothing about how others would vary. The interval is not
    cut to possible differences, since scores may have any range. Raises ValueError for fewer than two pairs, for a
    score that is not finite, or unless 0 < confidence < 1.

    Source: Miller (2024), Adding error bars to evals, arXiv:2411.00640, on paired differences and clustered standard
    errors; C / (C - 1) is the correction for few clusters of Stata and statsmodels.
    """
    sums: dict[Hashable, tuple[float, int]] = {}
    group_of_each = itertools.count() if groups is None else groups
    for (first, second), group in zip(pairs, group_of_each, strict=groups is not None):
        total, size = sums.get(group, (0.0, 0))
        sums[group] = total + (first - second), size + 1
    return paired_difference_of(Counter(sums.values()), confidence)


def paired_difference_of(
    groups: Mapping[tuple[float, int], int], confidence: float = 0.95
) -> tuple[float, Interval | None]:
    """Return what `paired_difference` does, from the groups alone.

    A group is (sum of its differences, number of its differences); `groups` tells how many are the same.
    """
    count = sum(size * times for (_, size), times in groups.items())
    if count < 2:
        raise ValueError(f"a difference needs at least 2 pairs, not {count}")
    if not all(math.isfinite(total) for total, _ in groups):
        raise ValueError("a score is not finite")
    mean = math.fsum(total * times for (total, _), times in groups.items()) / count
    squares = math.fsum((total - size * mean) ** 2 * times for (total, size), times in groups.items())
    several = sum(groups.values())
    error = math.sqrt(squares * several / max(1, several - 1)) / count
    margin = _quantile(confidence) * error
    return mean, Interval(mean - margin, mean + margin) if error > ROUNDING else None


def paired_shares(
    both: int, only_first: int, only_second: int, neither: int, confidence: float = 0.95
) -> tuple[float, Interval]:
    """Return the difference of two shares of the same samples, first less second, and its interval in [-1, 1].

    The arguments count the samples on which both runs, one run alone, or neither run is correct. The interval combines
    the Wilson intervals of both shares by their correlation; a correlation above 0 is corrected for continuity. Raises
    ValueError if a count is negative or all are 0, or unless 0 < confidence < 1.

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
    down = _combined_margin(share - first.low, second.high - other, phi)
    up = _combined_margin(first.high - share, other - second.low, phi)
    return difference, Interval(max(-1.0, difference - down), min(1.0, difference + up))


class _ClusterSummary(NamedTuple):
    """Numbers of clusters and of scores, mean score, and its clustered standard error."""

    clusters: int
    scores: int
    mean: float
    error: float


def _summary_of(clusters: Iterable[tuple[float, int]]) -> _ClusterSummary:
    # Few clusters are distinct: n rollouts, each right or wrong, make n + 1 of them however many samples there are.
    times = Counter(clusters)
    for total, size in times:
        if size < 1 or not 0 <= total <= size:
            raise ValueError(f"a cluster needs a score, and a sum from 0 to their number, not {total} of {size}")
    scores = sum(size * count for (_, size), count in times.items())
    if not scores:
        raise ValueError("there is no cluster")
    mean = math.fsum(total * count for (total, _), count in times.items()) / scores
    error = math.sqrt(math.fsum((total - size * mean) ** 2 * count for (total, size), count in times.items())) / scores
    return _ClusterSummary(times.total(), scores, mean, error if error > ROUNDING else 0.0)


def _wilson_low(successes: float, failures: float, z: float) -> float:
    # The bound is the smaller root of a quadratic equation, computed as the product of both roots over the larger one.
    # So no digits cancel, and without any success the bound is exactly 0.
    trials = successes + failures
    larger = 2 * successes + z * z + z * math.sqrt(z * z + 4 * successes * failures / trials)
    return 2 * successes * successes / trials / larger


def _combined_margin(ours: float, theirs: float, correlation: float) -> float:
    return math.sqrt(max(0.0, ours**2 - 2 * correlation * ours * theirs + theirs**2))  # rounding may go below 0


def _share_won(ballots: Sequence[tuple[str | None, bool]]) -> float:
    """Return the share of one vote that the correct answer wins."""
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
