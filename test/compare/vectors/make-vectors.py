"""Makes statistics.json, the truths that test/compare/statistics.test.ts holds our statistics against.

Run once, in an environment with SciPy and statsmodels:  python make-vectors.py > statistics.json
SciPy's own functions wherever they are exact; where they are not (ties in samples too large to enumerate), exact
integer counting with Python's big numbers.
"""

import itertools
import json
import math
from fractions import Fraction

import numpy as np
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats.multitest import multipletests

rng = np.random.default_rng(20251)


def sample(n, shift, decimals):
    return [float(v) for v in np.round(np.exp(rng.normal(2 + shift, 0.1, n)), decimals)]


def counted_p(first, second):
    """Exact conditional p by counting subsets with whole numbers, for ties in large samples."""
    doubled = [round(2 * r) for r in stats.rankdata(first + second)]
    n = len(first)
    ways = [dict() for _ in range(n + 1)]
    ways[0][0] = 1
    for rank in doubled:
        for k in range(n, 0, -1):
            for total, count in ways[k - 1].items():
                ways[k][total + rank] = ways[k].get(total + rank, 0) + count
    seen = sum(doubled[:n])
    total = math.comb(len(doubled), n)
    low = sum(count for s, count in ways[n].items() if s <= seen)
    high = sum(count for s, count in ways[n].items() if s >= seen)
    return float(min(Fraction(1), Fraction(2 * min(low, high), total)))


def u_of(first, second, **_):
    return stats.rankdata(np.concatenate([first, second]))[: len(first)].sum()


def mann_whitney():
    cases = []
    for n, m, shift in [(1, 1, 0), (3, 3, 1), (3, 5, 0), (5, 5, -0.2), (6, 6, 1), (7, 7, -1), (7, 7, 0.1), (7, 7, 0),
                        (10, 4, 0.1), (20, 20, 0.05), (30, 30, 0.05), (30, 30, 1), (40, 35, 0.1)]:
        first, second = sample(n, 0, 12), sample(m, shift, 12)
        test = stats.mannwhitneyu(first, second, method="exact")
        cases.append({"from": "scipy mannwhitneyu exact", "first": first, "second": second,
                      "u": float(test.statistic), "p": float(test.pvalue)})
    for n, m, shift, decimals in [(3, 3, 0, 0), (5, 5, 0.1, 0), (7, 7, 0.1, 0), (7, 7, 0, 1), (7, 7, 0.2, 1), (8, 6, -0.1, 0)]:
        first, second = sample(n, 0, decimals), sample(m, shift, decimals)
        test = stats.permutation_test((first, second), u_of, n_resamples=np.inf, vectorized=False)
        u = float(test.statistic - n * (n + 1) / 2)
        assert abs(test.pvalue - counted_p(first, second)) < 1e-12
        cases.append({"from": "scipy permutation_test", "first": first, "second": second, "u": u, "p": float(test.pvalue)})
    for n, m, shift in [(15, 15, 0.05), (30, 30, 0.04), (35, 31, 0.1)]:
        first, second = sample(n, 0, 1), sample(m, shift, 1)
        u = float(u_of(first, second) - n * (n + 1) / 2)
        cases.append({"from": "exact counting", "first": first, "second": second, "u": u, "p": counted_p(first, second)})
    return cases


def shifts():
    """The interval by its meaning: the least and greatest shift that the exact test does not reject."""
    cases = []
    for n, m, alpha in [(3, 3, 0.05), (5, 5, 0.05), (6, 7, 0.05), (7, 7, 0.05), (7, 7, 0.05 / 9), (12, 10, 0.05), (20, 20, 0.05)]:
        first, second = sample(n, 0, 12), sample(m, 0.2, 12)
        a, b = np.log(first), np.log(second)
        pairs = np.sort(np.subtract.outer(b, a).ravel())
        gaps = np.concatenate([[pairs[0] - 1], (pairs[1:] + pairs[:-1]) / 2, [pairs[-1] + 1]])
        kept = [i for i, d in enumerate(gaps) if stats.mannwhitneyu(b - d, a, method="exact").pvalue > alpha]
        # Gap i lies between pairs i - 1 and i; at either end nothing may be left to reject.
        low, high = pairs[max(kept[0] - 1, 0)], pairs[min(kept[-1], len(pairs) - 1)]
        cut = max(kept[0] - 1, 0)
        level = 1 - stats.mannwhitneyu(b - gaps[cut], a, method="exact").pvalue
        cases.append({"first": first, "second": second, "alpha": alpha, "shift": float(np.median(np.subtract.outer(b, a))),
                      "low": float(low), "high": float(high), "level": float(level)})
    return cases


def holms():
    cases = []
    for size in [1, 2, 5, 9, 20]:
        p = [float(v) for v in np.round(rng.beta(0.4, 2, size), 4 if size == 9 else 12)]
        cases.append({"p": p, "adjusted": [float(v) for v in multipletests(p, method="holm")[1]]})
    return cases


def falls(values):
    return sum(b < a for a, b in itertools.combinations(values, 2))


def drifts():
    cases = []
    for n, slope in [(4, 0), (7, 0.05), (7, -0.2), (12, 0.01), (21, 0.02), (30, 0)]:
        values = [float(np.exp(slope * i) * v) for i, v in enumerate(sample(n, 0, 12))]
        p = stats.kendalltau(range(n), values, method="exact").pvalue
        cases.append({"from": "scipy kendalltau exact", "sides": [values], "p": float(p)})
    for sides in [[[1, 2, 2, 3]], [[3, 1, 1, 2, 2]], [[1, 2, 3, 4], [11, 12, 12]], [[5, 4, 4], [9, 8, 7], [2, 2, 1]]]:
        seen = sum(map(falls, sides))
        spread = [0] * 40
        every = [list(itertools.permutations(side)) for side in sides]
        counts = [[falls(order) for order in orders] for orders in every]
        for combination in itertools.product(*counts):
            spread[sum(combination)] += 1
        total = sum(spread)
        p = min(1, 2 * min(sum(spread[: seen + 1]), sum(spread[seen:])) / total)
        cases.append({"from": "every arrangement", "sides": [[float(v) for v in side] for side in sides], "p": p})
    return cases


print(json.dumps({
    "made": {"scipy": scipy.__version__, "statsmodels": statsmodels.__version__, "numpy": np.__version__},
    "mannWhitney": mann_whitney(), "ratios": shifts(), "holm": holms(), "drift": drifts(),
}, indent=1))
