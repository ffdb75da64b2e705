"""Small corpora of comments, and every function of `trends` that makes a table of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis import trends

QUICK = trends.Method(draws=99)
EVENTS = {"what happened": "2020-05-01"}


def gaps(c, **when):
    """What comments say against articles that say nothing of note, and along their threads."""
    ids = sorted(set(c["article_id"]))
    articles = pd.DataFrame({"article_id": pd.Series(ids, dtype="str"), "topic": 0, "sentiment": 0.1})
    return pd.concat(trends.articles_and_comments(c.assign(position=1), articles, method=QUICK))


TABLES = {
    "activity_by_period": trends.activity_by_period,
    "by_period": trends.by_period,
    "by_period by topic": lambda c, **when: trends.by_period(c, by="topic", **when),
    "shares_by_period": trends.shares_by_period,
    "overall": lambda c, **when: trends.overall(c),
    "by_topic": lambda c, **when: trends.by_topic(c),
    "slopes": trends.slopes,
    "change_points": lambda c, **when: trends.change_points(c, method=QUICK, **when),
    "comparisons": lambda c, **when: trends.comparisons(c, events=EVENTS, **when),
    "decomposition": lambda c, **when: trends.decomposition(c, events=EVENTS, **when),
    "articles_and_comments": gaps,
}


def dates(*texts):
    return pd.Series(np.array(texts, "M8[us]")).dt.tz_localize("UTC")


def comments(rows):
    """A table of (thread, author, date, topic, sentiment)."""
    thread, author, posted_at, topic, sentiment = map(list, zip(*rows, strict=True))
    return pd.DataFrame(
        {
            "comment_id": [f"c{i:05d}" for i in range(len(rows))],
            "article_id": thread,
            "author": author,
            "posted_at": dates(*posted_at),
            "topic": topic,
            "sentiment": np.array(sentiment, float),
            "duplicate_of": pd.Series([None] * len(rows), dtype="str"),
        }
    )


def corpus(rng, n_threads=80, months=12, n_topics=3, days=20.0):
    """Threads that start at any time in 2020, comments some days apart."""
    thread = np.repeat(np.arange(n_threads), rng.integers(1, 9, n_threads))
    start = rng.uniform(0, months * 30, n_threads)
    at = np.datetime64("2020-01-01", "s") + ((start[thread] + rng.exponential(days, len(thread))) * 86400).astype(int)
    tone = rng.uniform(-0.3, 0.3, n_threads)[thread] + rng.uniform(-0.6, 0.6, len(thread))
    topic = rng.integers(-1, n_topics, len(thread))
    authors = rng.integers(0, 60, len(thread))
    return comments(
        [(f"t{t}", f"u{a}", d, k, s) for t, a, d, k, s in zip(thread, authors, at, topic, tone, strict=True)]
    )
