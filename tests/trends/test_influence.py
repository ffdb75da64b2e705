"""Threads and authors that move a change most are those without which it is least, left out one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.trends.influence import MOST, influential

AT = pd.Timestamp("2022-07-01", tz="UTC")


def comments(rng, n_threads=30, each=8):
    thread = np.repeat(np.arange(n_threads), each)
    when = pd.Timestamp("2022-01-01", tz="UTC") + pd.to_timedelta(12 * thread, unit="D")
    y = rng.normal(0, 0.2, len(thread)) + np.where(thread == 20, -0.9, 0.0)
    made = pd.DataFrame(
        {"comment_id": [f"c{i:03d}" for i in range(len(thread))], "article_id": [f"a{t:02d}" for t in thread]}
    )
    return made.assign(
        posted_at=when.as_unit("us"),
        sentiment=np.clip(y, -1, 1),
        topic=0,
        author=[f"r{i % 17}" for i in range(len(thread))],
    )


def told(change, series="sentiment", topic=None, measure="sentiment"):
    row = {"change": change, "event": "the bridge closes" if change == "event" else None, "at": AT, "series": series}
    row |= {"topic": topic, "measure": measure, "since": pd.NaT, "until": pd.NaT}
    return pd.DataFrame([row]).astype({"topic": "Int64", "event": "str"})


def difference(table):
    late = table["posted_at"] >= AT
    return table["sentiment"][late].mean() - table["sentiment"][~late].mean()


def test_the_thread_that_moves_a_break_most_is_found_by_leaving_out_each(rng):
    table = comments(rng)
    found = influential(told("break"), table)
    threads = found[found["of"] == "thread"]
    whole = difference(table)
    without = {a: difference(table[table["article_id"] != a]) for a in table["article_id"].unique()}
    best = sorted(without, key=lambda a: (whole - without[a]) * -np.sign(whole))[:MOST]
    assert threads["id"].tolist() == best and best[0] == "a20" and threads["rank"].tolist() == [1, 2, 3]
    np.testing.assert_allclose(threads["without"], [without[a] for a in best], atol=1e-12)
    np.testing.assert_allclose(threads["moved"], whole - threads["without"], atol=1e-12)
    assert (threads["n_comments"] == 8).all() and found.loc[found["of"] == "author", "id"].str.startswith("r").all()


def test_an_event_and_a_slope_have_theirs_and_what_has_no_estimate_has_none(rng):
    table = comments(rng)
    for change in ("event", "slope"):
        found = influential(told(change), table)
        assert len(found) and (found["moved"] * found["estimate"] > 0).all()
    assert influential(told("break", "sentiment of topic 9", 9), table).empty
    assert influential(told("break"), table.assign(author=None)).query("of == 'author'").empty


def test_where_only_slopes_are_told_there_are_no_dates_and_yet_a_table(rng):
    none = pd.Series([pd.NaT], dtype="datetime64[us, UTC]")
    claims = told("slope").assign(at=none, since=none, until=none)
    found = influential(claims, comments(rng))
    assert len(found) == 2 * MOST and found["at"].isna().all() and found["at"].dtype == claims["at"].dtype
    empty = influential(claims.iloc[:0], comments(rng))
    assert empty.empty and empty.dtypes.to_dict() == found.dtypes.to_dict()


def test_the_order_of_rows_changes_nothing(rng):
    table = comments(rng)
    pd.testing.assert_frame_equal(
        influential(told("break"), table), influential(told("break"), table.iloc[::-1].reset_index(drop=True))
    )
