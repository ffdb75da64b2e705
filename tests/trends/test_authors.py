"""Authors who write in several threads: held against statsmodels where both apply, and what must always be so."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from corpora import QUICK, corpus
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis import trends
from analysis.trends.errors import Design
from analysis.trends.intervals import means, shares
from analysis.trends.units import arrange

THREADS, AUTHORS, PAIRS = 9, 6, 54  # every author writes once in every thread


@pytest.fixture
def crossed(rng):
    thread, author = np.divmod(np.arange(PAIRS), AUTHORS)
    return (
        thread,
        author,
        rng.normal(0, 1, THREADS)[thread] + rng.normal(0, 2, AUTHORS)[author] + rng.normal(size=PAIRS),
    )


def by_statsmodels(y, x, groups, corrected=False):
    """Variance of the last coefficient, clustered by the groups."""
    kwds = {"groups": groups, "use_correction": corrected}
    return sm.OLS(y, x).fit(cov_type="cluster", cov_kwds=kwds).bse[-1] ** 2


def test_by_threads_the_error_of_a_mean_is_that_of_statsmodels(crossed):
    thread, _, y = crossed
    row = means(np.zeros(PAIRS, int), thread, y, 1, QUICK, (-9, 9)).iloc[0]
    se = np.sqrt(by_statsmodels(y, np.ones(PAIRS), thread, corrected=True))
    assert row["high"] - row["estimate"] == pytest.approx(stats.t.ppf(0.975, THREADS - 1) * se)
    assert row["author_ratio"] == 1


def test_authors_add_to_a_mean_what_statsmodels_says_they_do(crossed):
    thread, author, y = crossed
    row = means(np.zeros(PAIRS, int), thread, y, 1, QUICK, (-9, 9), author).iloc[0]
    one = np.ones(PAIRS)
    of_threads = by_statsmodels(y, one, thread, corrected=True)
    # The jackknife takes each cluster out: its residual is divided by what is left of the leverage.
    of_authors = by_statsmodels(y, one, author) / (1 - 1 / AUTHORS) ** 2
    of_pairs = by_statsmodels(y, one, np.arange(PAIRS)) / (1 - 1 / PAIRS) ** 2
    assert of_authors > of_pairs
    assert row["author_ratio"] ** 2 == pytest.approx(1 + (of_authors - of_pairs) / of_threads)


def test_the_error_of_a_difference_is_that_of_statsmodels():
    c = corpus(np.random.default_rng(5), n_threads=40).drop_duplicates("article_id").reset_index(drop=True)
    c["author"] = None
    a = arrange(c, "sentiment")
    late = np.arange(len(c)) % 2
    x = np.stack([np.ones(len(c)), late], axis=1)
    found = Design(a, x, serial=False).coefficient(a.y, 1, QUICK)
    # A thread a comment, and sides of the same size: every residual has the same leverage.
    left = 1 - 2 / len(c)
    assert found["se"] == pytest.approx(np.sqrt(by_statsmodels(a.y, x, a.thread)) / left)


def test_who_is_nobody_is_no_author_and_one_thread_each_adds_nothing(rng):
    c = corpus(rng)
    alone = trends.by_period(c.drop(columns="author"))
    for nobody in ("[deleted]", None, " [Removed] "):
        table = trends.by_period(c.assign(author=nobody))
        assert table[["low", "high"]].equals(alone[["low", "high"]])
    table = trends.by_period(c.assign(author=c["article_id"]))
    assert table[["low", "high"]].equals(alone[["low", "high"]])


def test_an_author_who_writes_everywhere_makes_means_and_shares_less_sure(rng):
    c = corpus(rng, n_threads=120)
    loud = c["author"].isin(["u1", "u2", "u3"])
    c["sentiment"] = np.where(loud, 0.9, c["sentiment"] / 2 - 0.2)
    c["topic"] = np.where(loud, 0, 1)
    for make, ends in ((trends.overall, ("low", "high")), (trends.by_topic, ("share_low", "share_high"))):
        known, unknown = make(c), make(c.drop(columns="author"))
        width = [(table[ends[1]] - table[ends[0]]).iloc[0] for table in (known, unknown)]
        assert width[0] > 1.1 * width[1]


@given(seed=st.integers(0, 10_000), n=st.integers(2, 60))
def test_authors_never_make_anything_surer(seed, n):
    rng = np.random.default_rng(seed)
    cell, thread, author = (rng.integers(low, high, n) for low, high in ((0, 3), (0, 8), (-1, 6)))
    y, option = rng.uniform(-1, 1, n), rng.integers(-1, 3, n)
    with_, without = (means(cell, thread, y, 3, QUICK, author=of) for of in (author, None))
    assert (with_["author_ratio"].dropna() >= 1).all()
    known = without["low"].notna()
    assert known.equals(with_["low"].notna())
    n_eff = [shares(cell, thread, option, 3, 3, QUICK, of)["n_eff"].dropna() for of in (author, None)]
    assert (n_eff[0] <= n_eff[1] * (1 + 1e-12)).all()


def test_a_rare_option_is_as_clustered_as_the_others():
    thread = np.repeat(np.arange(40), 5)
    option = np.where(np.arange(200) % 40 == 0, 1, np.where(thread < 10, 0, -1))  # 0 fills threads, 1 is in five
    both = shares(np.zeros(200, int), thread, option, 1, 2, QUICK)
    alone = shares(np.zeros(200, int), thread, np.where(option == 1, 0, -1), 1, 1, QUICK)
    assert both["n_eff"][1] < alone["n_eff"][0] / 2
