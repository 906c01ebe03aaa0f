"""What is said of a score's certainty is what statsmodels, scipy, printed examples and plain enumeration say."""

from __future__ import annotations

import itertools
import math
import random
from statistics import mean, mode

import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

from mathbatch.scoring.metrics.statistics import (
    Interval,
    clustered,
    clustered_error,
    majority_at_k,
    mcnemar,
    paired_difference,
    paired_shares,
    pass_at_k,
    wilson,
)

SLEEP = ([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0], [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
"""Student (1908), Biometrika 6:1-25: hours of sleep gained by ten patients with either drug."""


@pytest.fixture
def chance() -> random.Random:
    """Other numbers in each run; a failure shows the seed that gave them."""
    seed = random.SystemRandom().randrange(10**9)
    print(f"seed {seed}")
    return random.Random(seed)


def near(value: float | Interval, relative: float = 1e-12) -> object:
    return pytest.approx(value, rel=relative, abs=1e-14)


def drawn_clusters(chance: random.Random, whole: bool) -> list[tuple[float, int]]:
    """Samples of unlike difficulty with unlike numbers of rollouts; scores of 0 and 1, or anything between."""
    hard = chance.choice([0.3, 1.0, 5.0])
    return [
        (sum(chance.random() < ease if whole else chance.random() * ease for _ in range(size)), size)
        for size in (chance.randint(1, 9) for _ in range(chance.randint(1, 60)))
        for ease in [chance.betavariate(hard, hard)]
    ]


def contains(outer: Interval, inner: Interval) -> bool:
    return outer.low <= inner.low + 1e-12 and inner.high <= outer.high + 1e-12


# One share


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_bounds_printed_by_newcombe(successes: int, trials: int, low: float, high: float) -> None:
    """Newcombe (1998), Statistics in Medicine 17:857-872, table I, method 3."""
    assert tuple(round(bound, 4) for bound in wilson(successes, trials)) == (low, high)


def test_wilson_equals_statsmodels_for_whole_and_fractional_trials(chance: random.Random) -> None:
    for _ in range(500):
        trials = chance.choice([chance.randint(1, 50), chance.randint(1, 10**7), chance.uniform(0.5, 500)])
        share, confidence = chance.choice([0, 1, chance.random(), chance.random() ** 8]), chance.uniform(0.5, 0.999)
        expected = proportion_confint(share * trials, trials, alpha=1 - confidence, method="wilson")
        assert wilson(share * trials, trials, confidence) == pytest.approx(expected, rel=1e-9, abs=1e-13)


def test_the_interval_stays_inside_0_and_1_and_holds_the_share(chance: random.Random) -> None:
    for _ in range(500):
        trials = chance.uniform(1e-3, 10 ** chance.uniform(0, 9))
        successes = trials * chance.choice([0.0, 1.0, chance.random(), chance.random() ** 9, 1 - chance.random() ** 9])
        low, high = wilson(successes, trials, chance.uniform(0.01, 0.9999))
        assert 0 <= low <= successes / trials * (1 + 1e-15)
        assert successes / trials * (1 - 1e-15) <= high <= 1


def test_nothing_correct_is_a_bound_of_exactly_0_and_all_correct_of_exactly_1() -> None:
    assert wilson(0, 7).low == 0
    assert wilson(7, 7).high == 1
    assert wilson(0, 7) == (0, near(1 - wilson(7, 7).low))


def test_more_correct_answers_raise_both_bounds_and_more_samples_or_less_confidence_bring_them_closer(
    chance: random.Random,
) -> None:
    for _ in range(300):
        trials = chance.randint(2, 2000)
        successes = chance.randrange(trials)
        here, better = wilson(successes, trials), wilson(successes + 1, trials)
        assert here.low < better.low
        assert here.high < better.high
        assert contains(here, wilson(successes, trials, 0.8))
        many = wilson(3 * successes, 3 * trials)
        assert many.high - many.low < here.high - here.low


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (1, -1), (-1, 3), (4, 3), (math.nan, 3), (1, math.nan)])
def test_a_share_that_cannot_be_is_refused(successes: float, trials: float) -> None:
    with pytest.raises(ValueError, match=r"successes|trials"):
        wilson(successes, trials)


@pytest.mark.parametrize("confidence", [0, 1, 95, -0.5, math.nan])
def test_a_confidence_that_is_not_between_0_and_1_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        wilson(1, 3, confidence)
    with pytest.raises(ValueError, match="confidence"):
        clustered([(1, 3), (3, 3)], confidence)
    with pytest.raises(ValueError, match="confidence"):
        paired_difference([(1, 0), (0, 0)], confidence)


# Rollouts of the same samples


def test_the_clustered_error_equals_that_of_statsmodels(chance: random.Random) -> None:
    for _ in range(60):
        scores = [[chance.random() ** 2 for _ in range(chance.randint(1, 6))] for _ in range(chance.randint(2, 40))]
        groups = [at for at, cluster in enumerate(scores) for _ in cluster]
        flat = [score for cluster in scores for score in cluster]
        fit = OLS(flat, [1.0] * len(flat)).fit(cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False})
        assert clustered_error((sum(cluster), len(cluster)) for cluster in scores) == near(float(fit.bse[0]), 1e-9)


def test_the_clustered_interval_is_wilsons_at_the_effective_number_of_scores() -> None:
    """Worked by hand: mean 11/24, squares (4/6)^2 + (26/6)^2 + (22/6)^2 = 32.67, 11 * 13 / 32.67 = 4.378 scores."""
    clusters = [(3, 8), (8, 8), (0, 8)]
    assert clustered_error(clusters) == near(math.sqrt(98 / 3) / 24)
    assert clustered(clusters) == near(wilson(11 / 24 * 4.377551020408163, 4.377551020408163), 1e-9)


def test_one_rollout_of_each_sample_gives_wilsons_interval(chance: random.Random) -> None:
    for _ in range(200):
        scores = [float(chance.random() < 0.7) for _ in range(chance.randint(1, 200))]
        assert clustered((score, 1) for score in scores) == near(wilson(sum(scores), len(scores)), 1e-9)


def test_graded_scores_never_count_for_more_than_one_trial_each(chance: random.Random) -> None:
    for _ in range(200):
        scores = [chance.random() for _ in range(chance.randint(1, 200))]
        assert clustered((score, 1) for score in scores) == near(wilson(sum(scores), len(scores)), 1e-9)


def test_rollouts_that_only_repeat_each_other_make_nothing_surer(chance: random.Random) -> None:
    for _ in range(200):
        scores = [chance.random() < 0.4 for _ in range(chance.randint(2, 100))]
        rollouts = chance.randint(2, 20)
        once, often = wilson(sum(scores), len(scores)), clustered((score * rollouts, rollouts) for score in scores)
        assert often == near(once, 1e-9)


@pytest.mark.parametrize("whole", [True, False])
def test_the_clustered_interval_is_inside_0_and_1_holds_the_mean_and_is_never_narrower_than_wilsons(
    chance: random.Random, whole: bool
) -> None:
    for _ in range(300):
        clusters = drawn_clusters(chance, whole)
        total, size = sum(total for total, _ in clusters), sum(size for _, size in clusters)
        interval = clustered(iter(clusters))
        assert 0 <= interval.low <= total / size + 1e-12
        assert total / size - 1e-12 <= interval.high <= 1
        assert contains(interval, wilson(total, size))
        assert contains(interval, clustered(clusters, 0.8))


def test_the_order_of_the_samples_changes_nothing(chance: random.Random) -> None:
    clusters = drawn_clusters(chance, whole=False)
    assert clustered(clusters) == clustered(chance.sample(clusters, len(clusters)))


@pytest.mark.parametrize("share", [0, 0.5, 1])
def test_samples_that_all_score_alike_count_as_one_trial_each(share: float) -> None:
    assert clustered([(share * 8, 8)] * 30) == wilson(share * 30, 30)


def test_scores_that_differ_only_by_rounding_are_alike() -> None:
    clusters = [(0.1 + 0.2, 3), (0.3, 3), (0.7 - 0.4, 3), (0.1 * 3, 3), (0.6, 6)]
    assert len({total for total, _ in clusters}) > 2
    assert clustered(clusters) == near(wilson(0.5, 5))


def test_one_different_rollout_among_a_hundred_million_is_no_rounding() -> None:
    assert 0 < clustered_error([*[(4, 8)] * 1000, (5, 8), (4 * 10**8, 8 * 10**8)]) < 1e-8


@pytest.mark.parametrize(
    "clusters", [[], [(0, 0)], [(1, 2), (3, 2)], [(-0.1, 2)], [(math.nan, 2)], [(1, 2), (0, -1)]], ids=str
)
def test_clusters_that_cannot_be_are_refused(clusters: list[tuple[float, int]]) -> None:
    with pytest.raises(ValueError, match="cluster"):
        clustered(clusters)


def test_19_of_20_intervals_hold_the_truth() -> None:
    """8 rollouts of each of 100 samples whose ease differs (beta 2, 1), so the truth is 2/3; a fixed seed."""
    chance, held = random.Random(19), 0
    for _ in range(1000):
        eases = [chance.betavariate(2, 1) for _ in range(100)]
        low, high = clustered((sum(chance.random() < ease for _ in range(8)), 8) for ease in eases)
        held += low <= 2 / 3 <= high
    assert 930 <= held <= 970


# pass@k and maj@k


def test_pass_at_k_is_the_share_of_all_subsets_that_hold_a_correct_rollout() -> None:
    for trials in range(1, 9):
        for correct, k in itertools.product(range(trials + 1), range(1, trials + 1)):
            subsets = [any(at < correct for at in subset) for subset in itertools.combinations(range(trials), k)]
            assert pass_at_k(correct, trials, k) == mean(subsets)


def test_pass_at_1_is_the_share_of_correct_rollouts_to_the_last_digit() -> None:
    assert all(pass_at_k(correct, 97, 1) == correct / 97 for correct in range(98))


def test_pass_at_k_equals_the_product_printed_in_the_paper(chance: random.Random) -> None:
    """Chen et al. (2021), figure 3: 1 less the product of 1 - k / i for i from n - c + 1 to n."""
    for _ in range(300):
        trials = chance.randint(1, 400)
        correct, k = chance.randint(0, trials), chance.randint(1, trials)
        factors = (1 - k / i for i in range(trials - correct + 1, trials + 1))
        expected = 1.0 if trials - correct < k else 1 - math.prod(factors)
        assert pass_at_k(correct, trials, k) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_pass_at_k_rises_with_k_and_with_every_correct_rollout_and_reaches_1(chance: random.Random) -> None:
    for _ in range(50):
        trials = chance.randint(2, 300)
        correct = chance.randint(1, trials - 1)
        by_k = [pass_at_k(correct, trials, k) for k in range(1, trials + 1)]
        assert by_k == sorted(by_k)
        assert by_k[-1] == 1
        k = chance.randint(1, trials)
        by_correct = [pass_at_k(correct, trials, k) for correct in range(trials + 1)]
        assert by_correct == sorted(by_correct)
        assert (by_correct[0], by_correct[-1]) == (0, 1)


@pytest.mark.parametrize(
    ("correct", "trials", "k"), [(1, 4, 5), (1, 4, 0), (1, 4, -1), (5, 4, 1), (-1, 4, 1), (0, 0, 1)]
)
def test_a_k_or_a_count_that_cannot_be_is_refused(correct: int, trials: int, k: int) -> None:
    with pytest.raises(ValueError, match=r"k must|correct must"):
        pass_at_k(correct, trials, k)


VOTES = [
    # answers, which of them are correct, k, maj@k, why
    ("7 7 3", "7", 3, 1, "two of three"),
    ("3 3 7", "7", 3, 0, "the wrong one has more"),
    ("3 7", "7", 2, 1 / 2, "a tie of two"),
    ("3 7 4", "7", 3, 1 / 3, "a tie of three"),
    ("3 3 4 4 7 7", "7", 6, 1 / 3, "a tie of three pairs"),
    ("14/2 7 3 3 4", "14/2 7", 5, 1 / 2, "two spellings of the correct answer are one answer"),
    ("- - 7", "7", 3, 1, "no answer is no candidate"),
    ("- - 3", "7", 3, 0, "nor does it help the correct one"),
    ("- - -", "7", 3, 0, "nobody votes"),
    ("7 7 3 3 3 7", "7", 3, 1 / 2, "two votes"),
    ("7 3 3 7 7", "7", 2, 1 / 2, "the fifth is left out"),
    ("7 3 7", "7", 1, 2 / 3, "maj@1 is the accuracy"),
]


@pytest.mark.parametrize(("answers", "correct", "k", "expected", "why"), VOTES, ids=[row[-1] for row in VOTES])
def test_the_majority_wins_the_vote(answers: str, correct: str, k: int, expected: float, why: str) -> None:
    given = [None if answer == "-" else answer for answer in answers.split()]
    assert majority_at_k(given, [answer in correct.split() for answer in given], k) == near(expected)


def test_majority_equals_the_first_most_frequent_answer_over_all_orders_of_the_block() -> None:
    """A tie that falls to whoever came first, over all orders, falls to each of the tied equally often."""
    for k in range(1, 6):
        for block in itertools.product(["right", "also right", "wrong", "other", None], repeat=k):
            verdicts = [answer in ("right", "also right") for answer in block]
            voters = ["right" if verdict else answer for answer, verdict in zip(block, verdicts, strict=True) if answer]
            orders = itertools.permutations(voters) if voters else [["nobody"]]
            assert majority_at_k(block, verdicts, k) == near(mean(mode(order) == "right" for order in orders))


def test_majority_is_the_mean_over_blocks_and_blind_to_the_order_within_one(chance: random.Random) -> None:
    for _ in range(200):
        k, blocks = chance.randint(1, 7), chance.randint(1, 6)
        answers = [chance.choice(["1", "2", "3", None]) for _ in range(k * blocks + chance.randrange(k))]
        parts = [answers[at * k : at * k + k] for at in range(blocks)]
        expected = mean(majority_at_k(part, [answer == "1" for answer in part], k) for part in parts)
        shuffled = [answer for part in parts for answer in chance.sample(part, k)]
        for given in (answers, shuffled):
            assert majority_at_k(given, [answer == "1" for answer in given], k) == near(expected)


@pytest.mark.parametrize("k", [0, -1, 4])
def test_a_vote_of_more_rollouts_than_there_are_or_of_none_is_refused(k: int) -> None:
    with pytest.raises(ValueError, match="k must"):
        majority_at_k(["1", "2", None], [True, False, False], k)


def test_answers_without_their_verdicts_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        majority_at_k(["1", "2"], [True], 1)


# Two runs over the same samples


@pytest.mark.parametrize(
    ("only_first", "only_second", "printed"),
    [
        (12, 2, 0.0129),  # Armitage & Berry (1994), Statistical methods in medical research, page 127
        (1, 7, 0.0703),  # Bentur et al. (2009) in Fagerland, Lydersen & Laake (2013)
    ],
)
def test_mcnemar_gives_the_p_values_in_print(only_first: int, only_second: int, printed: float) -> None:
    assert round(mcnemar(only_first, only_second), 4) == printed


def test_mcnemar_equals_scipy_and_statsmodels_for_every_small_table() -> None:
    for first, second in itertools.product(range(25), repeat=2):
        assert mcnemar(first, second) == near(float(reference_mcnemar([[5, first], [second, 5]], exact=True).pvalue))
        if first + second:
            assert mcnemar(first, second) == near(float(stats.binomtest(first, first + second).pvalue))


def test_mcnemar_equals_whole_numbers(chance: random.Random) -> None:
    for _ in range(60):
        count = chance.randint(1, 900)
        fewer = chance.randint(0, count // 2)
        ways = 2 * sum(math.comb(count, at) for at in range(fewer + 1))
        assert mcnemar(fewer, count - fewer) == near(min(1, ways / 2**count), 1e-11)


@pytest.mark.parametrize("apart", [0, 1, 700, 3000, 9000, 30000])
def test_mcnemar_is_as_good_for_a_million_samples(apart: int) -> None:
    expected = min(1, 2 * float(stats.binom.cdf(10**6 - apart, 2 * 10**6 - apart, 0.5)))
    assert mcnemar(10**6, 10**6 - apart) == pytest.approx(expected, rel=1e-10)


def test_runs_that_never_differ_are_equally_good_and_the_order_of_the_runs_does_not_matter() -> None:
    assert mcnemar(0, 0) == mcnemar(5, 5) == mcnemar(5, 6) == 1
    assert mcnemar(3, 40) == mcnemar(40, 3)
    assert 0 <= mcnemar(10**6, 0) < 1e-290


def test_p_falls_the_more_one_sided_the_samples_are() -> None:
    by_first = [mcnemar(first, 200 - first) for first in range(101)]
    assert by_first == sorted(by_first)
    assert by_first[-1] == 1


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="counts"):
        mcnemar(-1, 3)


def test_the_paired_difference_gives_students_own_figures() -> None:
    """Mean 1.58 hours with t = 4.06, as printed for these data ever since."""
    difference, interval = paired_difference(zip(*reversed(SLEEP), strict=True))
    assert round(difference, 2) == 1.58
    assert round(difference / ((interval.high - difference) / 1.959964), 2) == 4.06


def test_the_paired_difference_equals_statsmodels_and_scipy(chance: random.Random) -> None:
    for _ in range(200):
        pairs = [(chance.random(), chance.random() ** 2) for _ in range(chance.randint(2, 60))]
        confidence = chance.uniform(0.5, 0.999)
        difference, interval = paired_difference(iter(pairs), confidence)
        reference = DescrStatsW([first - second for first, second in pairs])
        assert difference == near(float(reference.mean), 1e-10)
        assert interval == pytest.approx(reference.zconfint_mean(1 - confidence), rel=1e-9, abs=1e-12)
        t = stats.ttest_rel(*zip(*pairs, strict=True)).statistic
        reach = stats.norm.ppf(0.5 + confidence / 2) * difference / t
        assert interval.high - difference == pytest.approx(reach, rel=1e-7)


def test_the_clustered_paired_difference_equals_statsmodels(chance: random.Random) -> None:
    """A regression on nothing but a constant, with errors robust to clusters and corrected for few of them."""
    for _ in range(100):
        groups = [chance.randrange(6) for _ in range(chance.randint(8, 60))] + [6, 7]
        pairs = [(chance.random() + group / 5, chance.random()) for group in groups]
        fitted = OLS([first - second for first, second in pairs], [1.0] * len(pairs)).fit(
            cov_type="cluster", cov_kwds={"groups": groups, "use_correction": True}, use_t=False
        )
        difference, interval = paired_difference(pairs, 0.9, groups=groups)
        assert difference == near(float(fitted.params[0]), 1e-9)
        assert interval == pytest.approx(fitted.conf_int(0.1)[0], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("difference", [0.0, 0.1, -1.0])
def test_differences_that_are_all_equal_have_no_interval(difference: float) -> None:
    for groups in (None, "aabbbbccdd", "a" * 10):
        assert paired_difference([(difference, 0.0)] * 10, groups=groups) == (near(difference), None)


def test_groups_of_other_number_than_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        paired_difference([(1.0, 0.0)] * 3, groups="ab")


def test_a_large_common_offset_does_not_blur_the_paired_difference() -> None:
    eighths = [(round(first * 8) / 8, round(second * 8) / 8) for first, second in zip(*SLEEP, strict=True)]
    (near_by, (low, _)), offset = paired_difference(eighths), 2.0**30
    far, (far_low, _) = paired_difference((first + offset, second) for first, second in eighths)
    assert far - far_low == pytest.approx(near_by - low, rel=1e-6)


def test_swapping_the_runs_swaps_the_sign(chance: random.Random) -> None:
    pairs = [(chance.random(), chance.random()) for _ in range(50)]
    difference, (low, high) = paired_difference(pairs)
    assert paired_difference((second, first) for first, second in pairs) == (near(-difference), near((-high, -low)))


@pytest.mark.parametrize("pairs", [[], [(1.0, 0.0)], [(1.0, 0.0), (math.nan, 0.0)], [(math.inf, 0.0)] * 2], ids=str)
def test_too_few_pairs_or_no_numbers_are_refused(pairs: list[tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match=r"pairs|finite"):
        paired_difference(pairs)


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        ((36, 12, 2, 0), 0.0569, 0.3404),
        ((18, 12, 2, 18), 0.0562, 0.3290),
        ((53, 0, 0, 1), -0.0729, 0.0729),
        ((0, 30, 0, 0), 0.8395, 1.0),
    ],
)
def test_the_difference_of_paired_shares_equals_newcombes_examples(
    table: tuple[int, int, int, int], low: float, high: float
) -> None:
    """Method 10 in Newcombe (1998), with the figures that the tests of the R package propint quote from there."""
    difference, interval = paired_shares(*table)
    assert difference == pytest.approx((table[1] - table[2]) / sum(table))
    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


def test_paired_shares_have_an_interval_of_possible_differences_whatever_the_counts(chance: random.Random) -> None:
    for _ in range(2000):
        table = [chance.choice([0, chance.randrange(4), chance.randrange(300)]) for _ in range(3)] + [1]
        chance.shuffle(table)
        both, only_first, only_second, neither = table
        difference, (low, high) = paired_shares(both, only_first, only_second, neither)
        assert -1 <= low <= difference <= high <= 1
        assert low < high
        swapped, interval = paired_shares(both, only_second, only_first, neither)
        assert (swapped, interval) == (near(-difference), near((-high, -low), 1e-9))


def test_paired_shares_of_many_samples_have_the_normal_interval() -> None:
    pairs = [(1, 1)] * 30_000 + [(1, 0)] * 6_000 + [(0, 1)] * 4_000 + [(0, 0)] * 20_000
    _, interval = paired_shares(30_000, 6_000, 4_000, 20_000)
    assert interval == pytest.approx(paired_difference(pairs)[1], rel=1e-2)


@pytest.mark.parametrize("table", [(0, 0, 0, 0), (1, -1, 2, 3)])
def test_paired_shares_of_nothing_are_refused(table: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"trials|counts"):
        paired_shares(*table)
