"""Finished tables -> sentences whose numbers are computed: they change, hedge or vanish with the data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from analysis.corpus.wording import plural
from analysis.plots.style import UNSTABLE, month, name_of, percent, signed

MAX_Q = 0.05  # false discovery rate (Benjamini-Hochberg) above which nothing is called a change
# Krippendorff (2004): below 0.667 codes do not support even tentative conclusions. The same line for the
# instrument's accuracy would be higher than most reach; below one half it is wrong more often than right.
MIN_ALPHA, MIN_ACCURACY = 0.667, 0.5
OVERALL = "all comments"
MOST = 6  # changes that are said; the others are in a table
MIN_PERIODS = 4  # fewer are no series


@dataclass(frozen=True)
class Finding:
    """Sentences that a notebook shows as a paragraph, and compares as text."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        paragraphs = "<br>".join(escape(line) for line in self.text.splitlines())
        return f'<p class="finding">{paragraphs}</p>'


def _interval(row: pd.Series, form: object = signed) -> str:
    """An estimate and its interval in words; says so where there is none."""
    show = form if callable(form) else signed
    if not np.isfinite(row["low"]):
        return f"{show(row['estimate'])} (too few threads for an interval)"
    return f"{show(row['estimate'])} (95 % interval {show(row['low'])} to {show(row['high'])})"


def corpus(summary: pd.DataFrame, activity: pd.DataFrame) -> Finding:
    """What is in the corpus, and whether every line of it is accounted for."""
    n = summary.set_index("quantity")["n"]
    share = summary.set_index("quantity")["share"]
    read, rejected = int(n["lines or rows read"]), int(n["lines or rows rejected"])
    text = (
        f"Every one of the {read:,} lines or rows in {plural(int(n['files read']), 'file')} is accounted for: "
        f"{read - rejected:,} are in the tables, {rejected:,} were rejected with a reason. "
        f"They hold {plural(int(n['comments']), 'comment')} by {plural(int(n['authors']), 'author')} "
        f"under {plural(int(n['articles (threads)']), 'article')}"
    )
    if len(activity):
        text += (
            f", from {activity['period_start'].iloc[0]:%Y-%m-%d} to before {activity['period_end'].iloc[-1]:%Y-%m-%d}"
        )
    text += f". {percent(share['comments that repeat an earlier one'])} of the comments repeat an earlier one."
    own = float(share["comments with a time of their own"])
    if own < 1:
        text += f" {percent(1 - own)} take the time of their article, having none of their own."
    return Finding(text)


def topics(table: pd.DataFrame, n_comments: int, n_unassigned: int, note: str, history: pd.DataFrame) -> Finding:
    """How many topics there are, how large, how far to trust them, and what became of those that people named."""
    if table.empty:
        return Finding(note or f"No topics are claimed for {plural(n_comments, 'comment')}.")
    stable = int((table["stability"] >= UNSTABLE).sum())
    first = table.iloc[0]
    text = (
        f"{plural(len(table), 'topic')} in {n_comments:,} comments; the largest, “{first['label']}”, has "
        f"{percent(first['n_comments'] / n_comments)} of them. {stable} of {len(table)} come out again in reruns "
        f"(stability of {UNSTABLE} or more). {percent(n_unassigned / n_comments)} of the comments are unassigned: "
        "the runs disagree on them."
    )
    if len(history):
        became = history["what"].value_counts()
        named = [(what, int(became[what])) for what in ("same", "split", "merged", "new", "gone") if what in became]
        text += f" Against the topics that people named: {', '.join(f'{n} {what}' for what, n in named)}."
    return Finding(f"{text} {note}".strip())


def judged(coherence: pd.DataFrame, intrusion: pd.DataFrame) -> Finding:
    """What people found when they were asked to tell the topics apart, and what a formula says beside."""
    parts = []
    asked = {"words": "the word that does not belong", "topics": "the topic that does not fit a comment"}
    for row in intrusion[intrusion["rater"] == "all"].itertuples() if len(intrusion) else ():
        interval = f"95 % interval {percent(row.low)} to {percent(row.high)}, " if np.isfinite(row.low) else ""
        parts.append(
            f"People found {asked[row.kind]} in {percent(row.estimate)} of {plural(row.n, 'answer')} on "
            f"{plural(row.n_topics, 'topic')} ({interval}by chance {percent(row.by_chance)})."
        )
    if not parts:
        parts.append("No person has judged these topics yet: “threadline intrusion” writes sheets for that.")
    npmi, diversity = coherence.iloc[0] if len(coherence) else (np.nan, np.nan)
    if np.isfinite(npmi):
        parts.append(
            f"By formula, the words shown for a topic go together at NPMI {signed(npmi)} (−1 to 1, 0 is chance), and "
            f"{percent(diversity)} of them stand for one topic alone. These two cannot say whether a topic means "
            "something: coherence by formula has preferred topics that people did not (Hoyle et al. 2021)."
        )
    return Finding(" ".join(parts))


def sentiment(overall: pd.Series, agreement: pd.DataFrame, n_unscored: int) -> Finding:
    """How the comments sound on the whole, and what the instrument is worth here."""
    text = f"Mean sentiment is {_interval(overall)} over {plural(int(overall['n_comments']), 'scored comment')}"
    text += f" in {plural(int(overall['n_threads']), 'thread')}."
    if n_unscored:
        got = f"{plural(n_unscored, 'comment')} got no score"
        text += f" {got}: empty, or in a language that the instrument does not know."
    return Finding(f"{text} {instrument(agreement)}")


def instrument(agreement: pd.DataFrame) -> str:
    """Say what the instrument is worth on this corpus, in plain words."""
    if agreement.empty:
        return "The instrument is unchecked on this corpus: no comment has been coded by hand."
    row = agreement.iloc[0]
    text = (
        f"Against {int(row['n']):,} comments coded by people, {row['instrument']} names the right one of three classes"
    )
    if not np.isfinite(row["accuracy"]):
        return f"{text} in an unknown share: too few of them have a score."
    text += f" in {_measured(row, 'accuracy', percent)}"
    if np.isfinite(row["r"]):
        text += f", r = {_measured(row, 'r')}"
    if np.isfinite(row["alpha"]):
        text += f"; the coders agree with each other at α = {_measured(row, 'alpha')}."
    else:
        text += ". How far coders agree with each other is unknown: that takes two who coded the same comments."
    if row["alpha_low"] < MIN_ALPHA:
        text += f" The coders' agreement may be below {MIN_ALPHA}: the check itself is weak."
    if row["accuracy"] < MIN_ACCURACY:
        text += " Do not use this instrument on this corpus."
    return text


def corrected(table: pd.DataFrame, agreement: pd.DataFrame, names: list[str]) -> Finding:
    """What people would have said on the mean, and where the instrument must not be used."""
    if table.empty:
        return Finding("Nothing is corrected: no comment has been coded by hand. “threadline code” draws a sample.")
    row = table[(table["by"] == "all") & (table["measure"] == "mean")].iloc[0]
    text = f"Corrected by {plural(int(row['n_coded']), 'code')}, mean sentiment is {_interval(row)}; "
    text += f"the scores alone say {signed(row['uncorrected'])}"
    if np.isfinite(row["low"]) and not row["low"] <= row["uncorrected"] <= row["high"]:
        kind = "kind" if row["uncorrected"] > row["estimate"] else "harsh"
        text += f", which is too {kind} by {abs(row['uncorrected'] - row['estimate']):.2f}"
    groups = agreement.iloc[1:]
    sure = [n for n, high in zip(names, groups["accuracy_high"], strict=True) if high < MIN_ACCURACY]
    poor = [n for n, v in zip(names, groups["accuracy"], strict=True) if v < MIN_ACCURACY and n not in sure]
    text += "."
    if sure:
        text += f" Do not use the instrument on: {'; '.join(sure)}. It is wrong there more often than right."
    if poor:
        text += f" It may be wrong more often than right on: {'; '.join(poor)}."
    return Finding(text)


def _measured(row: pd.Series, name: str, show: Callable[[float], str] = "{:.2f}".format) -> str:
    """A measure of agreement with its interval, where it has one."""
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    if not np.isfinite(low):
        return f"{show(row[name])} (too few threads for an interval)"
    return f"{show(row[name])} (95 % interval {show(low)} to {show(high)})"


def unchecked(agreement: pd.DataFrame) -> str:
    """Warn on the figure itself where no person has checked the instrument; else empty."""
    return "Instrument not checked by people on this corpus." if agreement.empty else ""


def changes(table: pd.DataFrame, topics: pd.DataFrame, *, measure: str = "") -> list[str]:
    """One sentence for each abrupt change that chance does not explain (q below 0.05), strongest first.

    `table` is `change_points`; `measure` "sentiment" or "share" takes those alone.
    """
    found = significant(table, measure).sort_values(["q_value", "p_value", "series"], kind="stable")
    sentences = []
    for _, row in found.iterrows():
        share = row["measure"] == "share"
        show = percent if share else signed
        whose = "of all comments" if pd.isna(row["topic"]) else f"of “{name_of(int(row['topic']), topics)}”"
        verb = "fell" if row["after"] < row["before"] else "rose"
        what = "share" if share else "mean sentiment"
        sentences.append(
            f"The {what} {whose} {verb} from {show(row['before'])} to {show(row['after'])} around {month(row['at'])} "
            f"(95 % interval of the date {row['low']:%Y-%m-%d} to {row['high']:%Y-%m-%d}; q = {_q(row['q_value'])})."
        )
    return sentences


def significant(table: pd.DataFrame, measure: str = "") -> pd.DataFrame:
    """Rows of `change_points` or `slopes` that chance does not explain: q below 0.05."""
    found = table[table["q_value"] < MAX_Q]
    return found[found["measure"] == measure] if measure else found


def trends(table: pd.DataFrame, topics: pd.DataFrame) -> list[str]:
    """One sentence for each steady rise or fall whose interval excludes none (q below 0.05): `slopes`."""
    found = significant(table)
    found = found[(found["low"] > 0) | (found["high"] < 0)].sort_values(["q_value", "series"], kind="stable")
    sentences = []
    for _, row in found.iterrows():
        share = row["measure"] == "share"
        whose = "all comments" if pd.isna(row["topic"]) else f"“{name_of(int(row['topic']), topics)}”"
        verb = "rises" if row["estimate"] > 0 else "fades" if share else "falls"
        what = "The share of" if share else "The mean sentiment of"
        unit = " points a year" if share else " a year"
        size = [100 * row[c] if share else row[c] for c in ("estimate", "low", "high")]
        digits = 1 if share else 2
        sentences.append(
            f"{what} {whose} {verb} by {signed(size[0], digits)}{unit} (95 % interval {signed(size[1], digits)} to "
            f"{signed(size[2], digits)}; q = {_q(row['q_value'])})."
        )
    return sentences


def _said_q(value: float) -> str:
    return _q(value) if value < 0.001 else f"= {_q(value)}"


def _q(value: float) -> str:
    return "below 0.001" if value < 0.001 else f"{value:.3f}"


def over_time(
    change_points: pd.DataFrame,
    slopes: pd.DataFrame,
    topics: pd.DataFrame,
    *,
    n_comments: int,
    n_threads: int,
    n_periods: int,
    most: int = MOST,
) -> list[Finding]:
    """What changed, the least likely by chance first; or that nothing can be said to have.

    Of a series that both breaks and rises or fades, the break is said: the line through it says less.
    """
    broken = set(significant(change_points)["series"])
    sentences = changes(change_points, topics) + trends(slopes[~slopes["series"].isin(broken)], topics)
    if sentences:
        more = len(sentences) - most
        if more > 0:
            sentences = [*sentences[:most], f"{plural(more, 'further change')} with q below {MAX_Q}: see Over time."]
        return [Finding(sentence) for sentence in sentences]
    tested = int(change_points["p_value"].notna().sum() + slopes["p_value"].notna().sum())
    if not tested or n_periods < MIN_PERIODS:
        what = f"{plural(n_comments, 'comment')} in {plural(n_threads, 'thread')} over {plural(n_periods, 'period')}"
        return [Finding(f"{what} are too few to speak of a trend or any other change over time.")]
    return [Finding(f"No change over time that chance does not explain: of {tested} tests none has q below {MAX_Q}.")]


def events(table: pd.DataFrame, topics: pd.DataFrame) -> Finding:
    """What changed from each event on that the study names: the mean of all, and what chance does not explain."""
    rows = table[table["comparison"] == "event"]
    if rows.empty:
        return Finding("The study names no event to compare before and after: [time] events in study.toml.")
    lines = []
    for event, part in rows.groupby("event", sort=False):
        overall, others = part.iloc[0], part.iloc[1:]
        start = f"From “{event}” ({overall['at']:%Y-%m-%d}) on"
        if not np.isfinite(overall["low"]):
            n = f"{plural(int(overall['n_first']), 'comment')} before and {int(overall['n_second']):,} after"
            lines.append(f"{start}, nothing can be said: {n} are in too few threads.")
            continue
        moved = f"went from {signed(overall['first'])} to {signed(overall['second'])}"
        text = f"{start}, the mean sentiment of all comments {moved}, {_difference(overall)}."
        sure = others[others["q_value"] < MAX_Q].sort_values(["q_value", "p_value", "series"], kind="stable")
        tested = int(others["q_value"].notna().sum())
        said = []
        for _, row in sure.head(MOST).iterrows():
            show = percent if row["measure"] == "share" else signed
            what = "share" if row["measure"] == "share" else "mean sentiment"
            name = name_of(int(row["topic"]), topics)
            moved = f"went from {show(row['first'])} to {show(row['second'])}"
            said.append(f"the {what} of “{name}” {moved} (q {_said_q(row['q_value'])})")
        text += f" Of {tested} series of topics, {len(sure) or 'none'} changed by more than chance explains"
        lines.append(f"{text}{': ' + '; '.join(said) if said else ''}.")
    return Finding("\n".join(lines))


def _difference(row: pd.Series) -> str:
    """A comparison's difference, and whether chance explains it."""
    said = f"a difference of {_interval(row)}"
    if row["q_value"] < MAX_Q:
        return f"{said}, q {_said_q(row['q_value'])}"
    if row["low"] > 0 or row["high"] < 0:  # alone it would count, among so many it does not
        return f"{said}; among all the comparisons made, chance may explain it (q = {row['q_value']:.2f})"
    return f"{said}, which chance may explain"


def article_and_comments(gaps: pd.DataFrame, positions: pd.DataFrame) -> Finding:
    """Whether readers sound other than what they read, keep to its topic, and change as a thread goes on."""
    tone, same = (gaps[gaps["measure"] == m].iloc[0] for m in ("sentiment", "same topic"))
    if not tone["n_articles"]:
        text = "No article has both a score of its own and scored comments, so their tone cannot be compared."
    else:
        text = (
            f"Over {plural(int(tone['n_articles']), 'article')}, the mean score is {signed(tone['article'])} for "
            f"articles and {signed(tone['thread'])} for their comments, {_difference(tone)}."
        )
    if same["n_articles"]:
        text += (
            f" {percent(same['thread'])} of an article's comments have the article's own topic; under other articles "
            f"{percent(same['article'])} have it."
        )
    along = positions[positions["from_position"].isna()].set_index("measure").loc["sentiment"]
    if np.isfinite(along["low"]):
        how = "turns kinder" if along["estimate"] > 0 else "turns harsher"
        if not along["q_value"] < MAX_Q:
            how = "neither turns kinder nor harsher beyond chance"
        text += f" Within a thread the tone {how}: {_interval(along)} each time the place doubles."
    return Finding(text)


def limits(summary: pd.DataFrame, agreement: pd.DataFrame, instrument: str) -> list[str]:
    """What the figures do not say, for a reader who sees nothing but the report."""
    share = summary.set_index("quantity")["share"]
    said = [
        "Those who comment are not the public: nothing here is an estimate of what people at large think.",
        "A topic is a group of comments with words in common; what it means is the reader's to judge.",
        "A change in time is no cause: what else happened at that date is not in these data.",
        "The intervals respect that comments in one thread are alike. They do not cover faults of the instrument.",
        "Nor do they cover what moves all threads of a period at once, such as a week's news: a single period that "
        "stands out is one observation, however many comments it has.",
    ]
    if agreement.empty:
        said.insert(0, f"Nobody has checked the instrument ({instrument}) on these comments: its scores may mislead.")
    if share["comments with a time of their own"] < 1:
        said.append("Comments without a time of their own take their article's: what was said later looks earlier.")
    return said
