"""An article and its thread: paired by article, each once; along a thread, against comments of the same thread."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.trends import articles_and_comments
from analysis.trends.articles import FIRST_OF


def article_gaps(comments, articles):
    return articles_and_comments(comments, articles)[0]


def by_position(comments, articles):
    return articles_and_comments(comments, articles)[1]


def threads(rng, n=30, sizes=None, drift=0.0, gap=0.2):
    """Articles with a tone, comments that are kinder by `gap` and by `drift` each time the place doubles."""
    sizes = rng.integers(1, 12, n) if sizes is None else np.asarray(sizes)
    own = rng.uniform(-0.4, 0.4, n)
    thread = np.repeat(np.arange(n), sizes)
    position = np.concatenate([np.arange(1, s + 1) for s in sizes])
    tone = np.clip(own[thread] + gap + drift * np.log2(position) + rng.normal(0, 0.1, len(thread)), -1, 1)
    articles = pd.DataFrame(
        {"article_id": [f"a{i:02d}" for i in range(n)], "topic": np.arange(n) % 3, "sentiment": own}
    )
    comments = pd.DataFrame(
        {
            "comment_id": [f"a{t:02d}-{p:04d}" for t, p in zip(thread, position, strict=True)],
            "article_id": [f"a{t:02d}" for t in thread],
            "position": position,
            "topic": thread % 3,
            "sentiment": tone,
        }
    )
    return comments, articles


@pytest.fixture
def rng():
    return np.random.default_rng(8)


def test_the_gap_is_that_of_a_paired_test_over_articles(rng):
    comments, articles = threads(rng)
    row = article_gaps(comments, articles).iloc[0]
    by = comments.groupby("article_id")["sentiment"].mean()
    paired = stats.ttest_rel(by.to_numpy(), articles["sentiment"].to_numpy())
    interval = paired.confidence_interval(0.95)
    assert row["estimate"] == pytest.approx((by.to_numpy() - articles["sentiment"].to_numpy()).mean())
    # The jackknife divides by n where Student divides by n - 1.
    wider = np.sqrt(30 / 29)
    assert row["low"] == pytest.approx(row["estimate"] - wider * (row["estimate"] - interval.low), rel=1e-6)
    assert row["thread"] - row["article"] == pytest.approx(row["estimate"])
    assert row["n_articles"] == 30 and row["n_comments"] == len(comments)


def test_a_long_thread_counts_once(rng):
    comments, articles = threads(rng, n=6, sizes=[500, 2, 2, 2, 2, 2], gap=0)
    comments.loc[comments["article_id"] == "a00", "sentiment"] = -1.0
    row = article_gaps(comments, articles).iloc[0]
    assert row["thread"] == pytest.approx(comments.groupby("article_id")["sentiment"].mean().mean())


def test_articles_or_comments_without_a_score_are_in_no_gap(rng):
    comments, articles = threads(rng)
    articles.loc[0, "sentiment"] = np.nan
    comments.loc[comments["article_id"] == "a01", "sentiment"] = np.nan
    assert article_gaps(comments, articles)["n_articles"].iloc[0] == 28
    nothing = article_gaps(comments, articles.assign(sentiment=np.nan)).iloc[0]
    assert nothing["n_articles"] == 0 and nothing["interval"] == "empty" and np.isnan(nothing["estimate"])


def test_the_topic_of_an_article_against_other_articles(rng):
    comments, articles = threads(rng, n=9, sizes=[4] * 9)
    comments.loc[comments["article_id"] == "a00", "topic"] = [0, 0, 1, -1]
    row = article_gaps(comments, articles).set_index(["measure", "topic"]).loc[("same topic", 0)]
    assert row["thread"] == pytest.approx((0.5 + 1 + 1) / 3)
    # Under the other eight articles 8 of 32 comments are of topic 0 (for the first article), 6 of 32 for the others.
    assert row["article"] == pytest.approx((8 / 32 + 6 / 32 + 6 / 32) / 3)


def test_an_article_without_a_topic_keeps_no_comment_to_it(rng):
    comments, articles = threads(rng, n=9, sizes=[4] * 9)
    before = article_gaps(comments, articles)
    articles.loc[0, "topic"] = -1
    comments.loc[comments["article_id"] == "a00", "topic"] = -1
    gaps, along = articles_and_comments(comments, articles)
    assert gaps["topic"].dropna().unique().tolist() == [0, 1, 2]
    same, was = (table[table["measure"] == "same topic"].iloc[0]["n_articles"] for table in (gaps, before))
    assert (same, was) == (8, 9)
    assert along.loc[along["measure"] == "same topic", "n_comments"].iloc[0] == 8


def test_change_along_a_thread_is_that_of_least_squares_with_a_level_for_each(rng):
    comments, articles = threads(rng, drift=0.05)
    row = by_position(comments, articles).query("measure == 'sentiment' and from_position.isna()").iloc[0]
    dummies = pd.get_dummies(comments["article_id"]).to_numpy(float)
    x = np.column_stack([np.log2(comments["position"].to_numpy(float)), dummies])
    slope = np.linalg.lstsq(x, comments["sentiment"].to_numpy(), rcond=None)[0][0]
    assert row["estimate"] == pytest.approx(slope)
    assert row["low"] < 0.05 < row["high"] and row["low"] > 0


def test_threads_of_another_level_and_length_are_no_drift(rng):
    """Long threads are harsher, none changes: means by position fall, the change within threads does not."""
    comments, articles = threads(rng, n=40, sizes=[2] * 20 + [30] * 20, gap=0)
    comments["sentiment"] = np.where(comments["article_id"] < "a20", 0.5, -0.5) + rng.normal(0, 0.05, len(comments))
    table = by_position(comments, articles)
    of = table[(table["measure"] == "sentiment") & table["from_position"].notna()]
    assert of["estimate"].iloc[0] > 0 - 0.1 and of["estimate"].iloc[-1] < -0.4
    row = table.query("measure == 'sentiment' and from_position.isna()").iloc[0]
    assert abs(row["estimate"]) < 0.02 and row["low"] < 0 < row["high"]


def test_every_position_is_in_one_span():
    sizes = [80]
    comments, articles = threads(np.random.default_rng(1), n=1, sizes=sizes)
    table = by_position(comments, articles)
    spans = table[(table["measure"] == "sentiment") & table["from_position"].notna()]
    assert spans["n_comments"].tolist() == [1, 1, 2, 4, 8, 16, 32, 16] and spans["from_position"].tolist() == list(
        FIRST_OF
    )
    assert (spans["interval"] == "too few").all() and pd.isna(spans["to_position"].iloc[-1])


def test_one_control_of_false_discoveries_and_none_for_keeping_to_the_topic(rng):
    of_articles, along = articles_and_comments(*threads(rng))
    tested = of_articles["q_value"].notna().sum() + along["q_value"].notna().sum()
    assert tested == 4 + 1, "all articles, three topics, tone along the thread; topics never vary here"
    assert of_articles.loc[of_articles["measure"] == "same topic", "p_value"].isna().all()
    assert (of_articles["q_value"].dropna() >= of_articles["p_value"].dropna()).all()


def test_no_comments_and_no_articles():
    comments, articles = threads(np.random.default_rng(1))
    for c, a in ((comments.iloc[:0], articles), (comments.iloc[:0], articles.iloc[:0])):
        of_articles, along = articles_and_comments(c, a)
        assert (of_articles["n_comments"] == 0).all() and along["estimate"].isna().all()
