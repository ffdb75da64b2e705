"""Finished tables -> the few columns and rows that a notebook shows; the whole table stays in the report's folder."""

from __future__ import annotations

import numpy as np
import pandas as pd

SURE = 0.05  # q-value below which a comparison is shown as found
IN_ROW = 5  # words of a topic in a period
LARGEST = 0.01  # the part of threads or authors that counts as the largest
BY_PERIOD = ["period_start", "n_comments", "n_threads", "estimate", "low", "high"]
TONE = ["share_negative", "share_negative_low", "share_negative_high"]
TONE += ["share_positive", "share_positive_low", "share_positive_high"]


def rejected_reasons(rejects: pd.DataFrame) -> pd.DataFrame:
    """Rejected lines or rows by reason, most first: reason, n_lines, n_files, n_chars."""
    by = rejects.groupby("reason", sort=True)
    table = pd.DataFrame(
        {"n_lines": by.size(), "n_files": by["source_file"].nunique(), "n_chars": by["n_chars"].sum()}
    ).reset_index()
    return table.sort_values(["n_lines", "reason"], ascending=[False, True], ignore_index=True)


def concentration(comments: pd.DataFrame) -> pd.DataFrame:
    """What the largest threads and the most active authors hold: of, n, median, largest, share of the top 1 %."""
    rows = []
    for name, column in (("threads with comments", "article_id"), ("authors", "author")):
        sizes = comments[column].dropna().value_counts().to_numpy()
        if not len(sizes):
            continue
        top = int(np.ceil(LARGEST * len(sizes)))
        rows.append((name, len(sizes), int(np.median(sizes)), int(sizes[0]), sizes[:top].sum() / len(comments)))
    columns = ["of", "n", "median_comments", "largest", "share_of_largest_1_%"]
    return pd.DataFrame(rows, columns=columns)


def doubtful(boundaries: pd.DataFrame) -> pd.DataFrame:
    """The least sure names first: by file and line, without the name itself."""
    table = boundaries.sort_values(["boundary_confidence", "source_file", "line"], kind="stable", ignore_index=True)
    return table[["source_file", "line", "boundary_confidence"]]


def topics(table: pd.DataFrame) -> pd.DataFrame:
    """The topics, largest first, with the words that are not in their label and their share of what is assigned."""
    further = [
        ", ".join(word for word in words.split(", ") if word not in label.split(" · "))
        for words, label in zip(table["words"], table["label"], strict=True)
    ]
    share = table["n_comments"] / max(table["n_comments"].sum(), 1)
    columns = ["topic", "label", "further_words", "n_comments", "share", "n_threads", "stability"]
    return table.assign(further_words=further, share=share)[columns]


def topic_history(table: pd.DataFrame) -> pd.DataFrame:
    """What became of the topics that people named: what, before, topic, shared, shares of before and now."""
    return table[["what", "before", "topic", "shared", "of_before", "of_now"]]


def agreement(table: pd.DataFrame) -> pd.DataFrame:
    """The instrument against people, on the whole and by group."""
    measures = ("alpha", "accuracy", "f1_macro", "r")
    return table[["group", "coders", "n", *(f"{m}{end}" for m in measures for end in ("", "_low", "_high"))]]


def corrected(table: pd.DataFrame) -> pd.DataFrame:
    """Means as scored and as corrected, and of all comments the shares: group, measure, comments, codes, both means."""
    table = table[(table["by"] == "all") | (table["measure"] == "mean")].reset_index(drop=True)
    columns = ["group", "measure", "n_comments", "n_coded", "uncorrected", "uncorrected_low", "uncorrected_high"]
    table = table.rename(columns={"estimate": "corrected", "low": "corrected_low", "high": "corrected_high"})
    return table[[*columns, "corrected", "corrected_low", "corrected_high"]]


def agreement_by_topic(comments: pd.DataFrame) -> pd.DataFrame:
    """Agreement of the runs by topic: topic, n_comments, lower quartile, median, upper quartile."""
    by = comments.groupby("topic")["topic_agreement"]
    table = pd.DataFrame(
        {
            "n_comments": by.size(),
            "lower_quartile": by.quantile(0.25),
            "median": by.median(),
            "upper_quartile": by.quantile(0.75),
        }
    )
    return table.reset_index()


def by_topic(table: pd.DataFrame) -> pd.DataFrame:
    """Mean sentiment and share of each topic, the most negative first."""
    table = table.sort_values(["estimate", "topic"], kind="stable", ignore_index=True)
    return table[["topic", "n_scored", "n_threads", "estimate", "low", "high", *TONE]]


def overall(table: pd.DataFrame) -> pd.DataFrame:
    """Mean sentiment and shares of all scored comments."""
    return table[["n_comments", "n_threads", "n_authors", "estimate", "low", "high", *TONE]]


def sentiment_by_period(table: pd.DataFrame) -> pd.DataFrame:
    """Mean sentiment by period."""
    return table[BY_PERIOD]


def naive(table: pd.DataFrame) -> pd.DataFrame:
    """Mean width of the naive intervals and of those that respect threads: interval, n_periods, mean_width."""
    both = table.dropna(subset=["low", "high", "naive_low", "naive_high"])
    rows = [
        ("as if comments were independent", len(both), (both["naive_high"] - both["naive_low"]).mean()),
        ("respecting threads", len(both), (both["high"] - both["low"]).mean()),
    ]
    return pd.DataFrame(rows, columns=["interval", "n_periods", "mean_width"])


def slopes(table: pd.DataFrame) -> pd.DataFrame:
    """Steady change a year of each series; shares in percentage points."""
    points = table["measure"] == "share"
    shown = table.assign(unit=np.where(points, "points a year", "sentiment a year"))
    for column in ("estimate", "low", "high"):
        shown[column] = np.where(points, 100 * table[column], table[column])
    return shown[["topic", "measure", "unit", "n_comments", "estimate", "low", "high", "q_value"]]


def change_points(table: pd.DataFrame) -> pd.DataFrame:
    """The largest change of each series, the least likely by chance first."""
    first = table[table["step"] == 1] if "step" in table else table
    first = first.sort_values(["q_value", "p_value", "series"], kind="stable", ignore_index=True)
    at = first.assign(earliest=first["low"], latest=first["high"])
    return at[["topic", "measure", "at", "earliest", "latest", "before", "after", "p_value", "q_value"]]


def decomposition(table: pd.DataFrame) -> pd.DataFrame:
    """The change of the mean and its parts at each split: the whole, then of the topics the four largest parts."""
    order = table.assign(_whole=table["topic"].isna(), _size=table["estimate"].abs(), _at=table["event"] != "")
    order = order.sort_values(
        ["_at", "split", "event", "_whole", "_size"], ascending=[True, True, True, False, False], kind="stable"
    )
    order = order.groupby(["split", "event"], sort=False, dropna=False).head(7).reset_index(drop=True)
    before = order["event"].where(order["event"] != "", "the middle")
    return order.assign(before_and_after=before)[
        ["before_and_after", "split", "topic", "part", "estimate", "low", "high", "n_before", "n_after"]
    ]


def article_gaps(table: pd.DataFrame) -> pd.DataFrame:
    """Articles against their comments: what is compared, for which topic, both means, their difference."""
    columns = [
        "measure",
        "topic",
        "n_articles",
        "n_comments",
        "article",
        "thread",
        "estimate",
        "low",
        "high",
        "q_value",
    ]
    return table[columns]


def within_threads(table: pd.DataFrame) -> pd.DataFrame:
    """Change within a thread as the place in it doubles: the rows without a place of `by_position`."""
    rows = table[table["from_position"].isna()].reset_index(drop=True)
    return rows[["measure", "n_comments", "n_threads", "estimate", "low", "high", "q_value"]]


def comparisons(table: pd.DataFrame) -> pd.DataFrame:
    """The comparisons that chance does not explain, surest first; where there is none, the five surest."""
    known = table[table["q_value"].notna()].sort_values(["q_value", "p_value", "series"], kind="stable")
    sure = known[known["q_value"] < SURE]
    shown = (sure if len(sure) else known.head(5)).reset_index(drop=True)
    points = shown["measure"] == "share"
    what = shown["comparison"].map({"event": "before and after", "period": "period before and", "topic": "other topic"})
    columns = [
        "comparison",
        "at",
        "topic",
        "against",
        "other_topic",
        "measure",
        "first",
        "second",
        "estimate",
        "low",
        "high",
        "q_value",
    ]
    against = shown["event"].where(shown["comparison"] == "event", "")
    shown = shown.assign(comparison=what, against=against, measure=np.where(points, "share, in points", "tone"))
    for column in ("first", "second", "estimate", "low", "high"):
        shown[column] = np.where(points, 100 * shown[column], shown[column])
    return shown[columns]


def words_by_period(table: pd.DataFrame) -> pd.DataFrame:
    """The five words that mark a topic in each period, the topics in their order: topic, from, comments, words."""
    best = table[table["rank"] <= IN_ROW]
    by = best.groupby(["topic", "period_start"], sort=True)
    shown = by.agg(n_comments=("n_comments", "first"), n_threads=("n_threads", "first"), words=("word", ", ".join))
    return shown.reset_index()


def sensitivity(table: pd.DataFrame) -> pd.DataFrame:
    """Mean sentiment and its change between the halves, with the loudest and the repeated left out."""
    main = table[table["measure"] != "share"].reset_index(drop=True)
    columns = ["measure", "left_out", "n_comments", "estimate", "low", "high"]
    ends = ["difference", "difference_low", "difference_high"]
    main[ends] = main[ends].where(main["left_out"] != "nothing")
    return main[[*columns, "difference", "difference_low", "difference_high"]]
