"""Finished tables -> sentences whose numbers are computed: they change, hedge or vanish with the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from html import escape

import numpy as np
import pandas as pd

from analysis.corpus.wording import plural
from analysis.plots import wording
from analysis.plots.wording import MAX_Q, MIN_ACCURACY, UNSTABLE, fixed, is_unstable, named, percent, signed
from analysis.sentiment.instruments import Instrument
from analysis.topics.fit import SMALLEST

# Krippendorff (2004): below 0.667 codes do not support even tentative conclusions. The same line for the
# instrument's accuracy would be higher than most reach; below one half it is wrong more often than right.
MIN_ALPHA = 0.667
MOST_STABLE = 0.6  # of the comments with a topic: where fewer are in stable ones, the topics are not told
FLAT = 0.1  # between the best and the worst number of topics: within this, the curve chooses none


@dataclass(frozen=True)
class Finding:
    """Sentences that a notebook shows as a paragraph, and compares as text."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        paragraphs = "<br>".join(escape(line) for line in self.text.splitlines())
        return f'<p class="finding">{paragraphs}</p>'


interval = partial(wording.with_interval, lead="95 % interval ")


def corpus(summary: pd.DataFrame, activity: pd.DataFrame) -> Finding:
    """What is in the corpus, and whether every line of it is accounted for."""
    n, share = (summary.set_index("quantity")[column] for column in ("n", "share"))
    read, rejected = int(n["lines or rows read"]), int(n["lines or rows rejected"])
    alone = "comments without a thread" in n
    under = "whose threads are not known" if alone else f"under {plural(int(n['articles (threads)']), 'article')}"
    by = f" by {plural(int(n['authors']), 'author')}" if n["authors"] else ""
    text = (
        f"Every one of the {read:,} lines or rows in {plural(int(n['files read']), 'file')} is accounted for: "
        f"{read - rejected:,} are in the tables, {rejected:,} were rejected with a reason. "
        f"They hold {plural(int(n['comments']), 'comment')}{by} {under}"
    )
    if len(activity):
        first, last = activity["period_start"].iloc[0], activity["period_end"].iloc[-1]
        text += f", from {first:%Y-%m-%d} to before {last:%Y-%m-%d}"
    text += f". {percent(share['comments that repeat an earlier one'])} of the comments repeat an earlier one."
    undated = float(share["comments without any date"])
    if (taken := 1 - float(share["comments with a time of their own"]) - undated) > 1e-9:
        text += f" {percent(taken)} take the time of their article, having none of their own."
    if undated:
        text += f" {percent(undated)} have no date, and are in no figure over time."
    return Finding(text)


def topics(
    table: pd.DataFrame,
    *,
    n_comments: int,
    n_unassigned: int,
    note: str = "",
    history: pd.DataFrame | None = None,
    in_main: Sequence[float] = (),
    curve: pd.DataFrame | None = None,
    levels: pd.DataFrame | None = None,
) -> Finding:
    """How many topics there are, how large, how far to trust them, and what became of those that people named.

    `curve` is `topic_choice`, `levels` `topic_levels`; `in_main` are the shares of comments in their thread's main
    topic, with context and by their own words alone.
    """
    if table.empty:
        return Finding(note or f"No topics are claimed for {plural(n_comments, 'comment')}.")
    stable = table[table["stability"] >= UNSTABLE]
    first = (table if table["stability"].isna().all() else stable).head(1)
    text = f"{plural(len(table), 'topic')} in {n_comments:,} comments"
    for row in first.itertuples():
        which = "" if row.topic == table["topic"].iloc[0] else "stable "
        text += f"; the largest {which}one, “{row.label}”, has {percent(row.n_comments / n_comments)} of them"
    text += f". {_recurring(table, stable, n_unassigned / n_comments)}"
    if levels is not None and not table["stability"].isna().all() and _share(table, stable) < MOST_STABLE:
        text += above(levels)
    text += choice(curve)
    if len(in_main) and np.isfinite(in_main).all():
        text += (
            f" {percent(in_main[0])} of the comments have the main topic of their thread; by their own words alone, "
            f"without their thread as context, {percent(in_main[1])} have."
        )
    if history is not None and len(history):
        became = history["what"].value_counts()
        named = [(what, int(became[what])) for what in ("same", "split", "merged", "new", "gone") if what in became]
        text += f" Against the topics that people named: {', '.join(f'{n} {what}' for what, n in named)}."
    return Finding(f"{text} {note}".strip())


def _recurring(table: pd.DataFrame, stable: pd.DataFrame, unassigned: float) -> str:
    """Which topics come out again, and how many comments have none."""
    none = f"{percent(unassigned).capitalize()} of the comments are unassigned"
    if table["stability"].isna().all():
        return f"They were assigned in a file: whether they would come out again is not known. {none}."
    in_stable = _share(table, stable)
    text = f"{len(stable) or 'None'} of {len(table)} come out again in reruns (stability of {UNSTABLE} or more)"
    text += f", with {percent(in_stable)} of the comments that have a topic" if len(stable) < len(table) else ""
    text += f". {none}: the runs disagree on them, or fewer than {SMALLEST} different ones would be a topic."
    if in_stable < MOST_STABLE:
        text += " So many are in topics that do not come out again that these topics are no finding: they are listed, "
        text += "drawn pale, and no sentence tells of them. Fewer topics (n_topics in study.toml) are often steadier."
    return text


def _share(table: pd.DataFrame, stable: pd.DataFrame) -> float:
    """Of the comments with a topic the share in stable ones."""
    return float(stable["n_comments"].sum() / max(int(table["n_comments"].sum()), 1))


def above(levels: pd.DataFrame) -> str:
    """What the themes above unstable topics are, where those are stable: " …", or nothing."""
    themes = levels[levels["level"] == "theme"]
    stable = themes[themes["stability"] >= UNSTABLE]
    if themes.empty or (share := _share(themes, stable)) < MOST_STABLE:
        return ""
    return (
        f" Their {len(themes)} themes are steadier: {len(stable)} come out again, with {percent(share)} of these "
        f"comments: {'; '.join(f'“{label}”' for label in stable['label'])}."
    )


def choice(curve: pd.DataFrame | None) -> str:
    """What is to be said of the number of topics that was chosen, " …" or nothing: `topic_choice`."""
    if curve is None or curve.empty or not curve["chosen"].any():
        return ""
    stability, number = curve["stability"], int(curve.loc[curve["chosen"], "n_topics"].iloc[0])
    best, low, high = float(stability.max()), int(curve["n_topics"].iloc[0]), int(curve["n_topics"].iloc[-1])
    text = ""
    if best < UNSTABLE:
        text += f" No number of topics is good here: two halves of the threads agree at best at {best:.2f} of 1."
    if len(curve) > 1 and best - stability.min() < FLAT:
        text += f" The curve is flat: from {low} to {high} topics the halves agree about as well, so the number is a"
        text += " choice of how fine to look, not a finding."
    elif len(curve) > 1 and number in (low, high):
        more = "more" if number == high else "fewer"
        text += (
            f" {number} is the {'largest' if number == high else 'smallest'} number tried, and agreement still rises"
        )
        text += f" towards it: {more} topics may agree better (n_topics in study.toml)."
    return text


def judged(coherence: pd.DataFrame, intrusion: pd.DataFrame) -> Finding:
    """What people found when they were asked to tell the topics apart, and what a formula says beside."""
    parts = []
    asked = {"words": "the word that does not belong", "topics": "the topic that does not fit a comment"}
    for row in intrusion[intrusion["rater"] == "all"].itertuples() if len(intrusion) else ():
        ends = f"95 % interval {percent(row.low)} to {percent(row.high)}, " if np.isfinite(row.low) else ""
        parts.append(
            f"People found {asked[row.kind]} in {percent(row.estimate)} of {plural(row.n, 'answer')} on "
            f"{plural(row.n_topics, 'topic')} ({ends}by chance {percent(row.by_chance)})."
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


def sentiment(
    overall: pd.DataFrame,
    agreement: pd.DataFrame,
    corrected: pd.DataFrame | None = None,
    *,
    measure: str = "sentiment",
    n_unscored: int = 0,
    why_none: str = "",
) -> Finding:
    """How the comments sound on the whole: as people code it, where they did; and what the instrument is worth here."""
    row, coded = overall.iloc[0], corrected is not None and len(corrected) > 0
    if not row["n_comments"] and not coded:
        return Finding(f"Nothing is said of the comments' {measure}: {why_none or 'none of them has a score.'}")
    if not coded:
        show = signed if measure == "sentiment" or "share_negative" in row else fixed  # as its figures have it
        text = f"Mean {measure} is {interval(row, show=show)} over {plural(int(row['n_comments']), 'scored comment')}"
        text += f" in {plural(int(row['n_threads']), 'thread')}, every comment counting once"
        text += f"; with every thread counting once it is {interval(row, 'by_thread', show)}."
    else:
        text = as_coded(corrected, measure)
    if n_unscored and row["n_comments"]:
        got = f"{plural(n_unscored, 'comment')} got no score"
        text += f" {got}: empty, or not known to the instrument or its file"
        if not coded and "least" in row:
            ends = f"between {show(row['least'])} and {show(row['most'])}"
            text += f"; whatever they sound like, the mean of all comments is {ends}"
        text += "."
    return Finding(f"{text} {instrument(agreement)}")


def unread(instrument: Instrument, languages: pd.DataFrame) -> str:
    """Why an instrument of certain languages scores nothing of a corpus, and what can be done."""
    if instrument.languages is None or languages.empty:
        return ""
    knows = ", ".join(f"“{code}”" for code in sorted(instrument.languages))
    main = languages.sort_values("n_comments", ascending=False, kind="stable").iloc[0]
    return (
        f"the instrument “{instrument.name}” reads {knows}, and can score fewer than half of the comments, of which "
        f"{percent(main['n_comments'] / languages['n_comments'].sum())} are in “{main['language']}”. No mean, curve or "
        "test is made of such scores. What can be done: let people code a sample of some 300 comments "
        "(“threadline code”), from which the instrument “coded” learns in any language; or name a word list of the "
        "language (lexicon:FILE.csv) or scores made elsewhere (scores:FILE.csv)."
    )


def as_coded(table: pd.DataFrame, measure: str = "sentiment") -> str:
    """The mean as people would have coded it, and the scores' own beside it."""
    row = table[(table["by"] == "all") & (table["measure"] == "mean")].iloc[0]
    text = f"As people code it, mean {measure} is {interval(row)} over {plural(int(row['n_comments']), 'comment')}"
    text += f" in {plural(int(row['n_threads']), 'thread')}, by {plural(int(row['n_coded']), 'code')} and all scores"
    if not np.isfinite(row["uncorrected"]):
        return f"{text}."
    text += f"; the scores alone say {signed(row['uncorrected'])}"
    if np.isfinite(row["low"]) and not row["low"] <= row["uncorrected"] <= row["high"]:
        how = "high" if row["uncorrected"] > row["estimate"] else "low"
        text += f", which is too {how} by {abs(row['uncorrected'] - row['estimate']):.2f}"
    return f"{text}."


def instrument(agreement: pd.DataFrame) -> str:
    """Say what the instrument is worth on this corpus, in plain words."""
    if agreement.empty:
        return "The instrument is unchecked on this corpus: no comment has been coded by hand in its range."
    row, two = agreement.iloc[0], "{:.2f}".format
    text = (
        f"Against {int(row['n']):,} comments coded by people, {row['instrument']} names the right one of three classes"
    )
    if not np.isfinite(row["accuracy"]):
        return f"{text} in an unknown share: too few of them have a score."
    text += f" in {interval(row, 'accuracy', percent)}"
    if np.isfinite(row["r"]):
        text += f", r = {interval(row, 'r', two)}"
    if np.isfinite(row["alpha"]):
        text += f"; the coders agree with each other at α = {interval(row, 'alpha', two)}."
    else:
        text += ". How far coders agree with each other is unknown: that takes two who coded the same comments."
    if row["alpha_low"] < MIN_ALPHA:
        text += f" The coders' agreement may be below {MIN_ALPHA}: the check itself is weak."
    if row["accuracy"] < MIN_ACCURACY:
        text += " Do not use this instrument on this corpus."
    return text


def corrected(
    table: pd.DataFrame, agreement: pd.DataFrame, topics: pd.DataFrame | None = None, measure: str = "sentiment"
) -> Finding:
    """What people would have said on the mean, and where the instrument must not be used."""
    if table.empty:
        return Finding("Nothing is corrected: no comment has been coded by hand. “threadline code” draws a sample.")
    text = as_coded(table, measure)
    by_group = agreement.iloc[1:]
    unsteady = [row.by == "topic" and is_unstable(int(row.group), topics) for row in by_group.itertuples()]
    groups = named(by_group[~np.array(unsteady, dtype=bool)], topics)
    sure = groups["accuracy_high"] < MIN_ACCURACY
    poor = groups.loc[~sure & (groups["accuracy"] < MIN_ACCURACY), "group"]
    if sure.any():
        text += f" Do not use the instrument on: {'; '.join(groups.loc[sure, 'group'])}."
        text += " It is wrong there more often than right."
    if len(poor):
        text += f" It may be wrong more often than right on: {'; '.join(poor)}."
    return Finding(text)


def unchecked(agreement: pd.DataFrame) -> str:
    """Warn on the figure itself where no person has checked the instrument; else empty."""
    return "Instrument not checked by people on this corpus." if agreement.empty else ""


def difference(row: pd.Series) -> str:
    """A comparison's difference, and whether chance explains it."""
    said = f"a difference of {interval(row)}"
    if row["q_value"] < MAX_Q:
        return f"{said}, {q_value(row)}"
    if row["low"] > 0 or row["high"] < 0:  # alone it would count, among so many it does not
        return f"{said}; among all the comparisons made, chance may explain it (q = {row['q_value']:.2f})"
    return f"{said}, which chance may explain"


def q_value(row: pd.Series) -> str:
    """A q-value in words."""
    return "q below 0.001" if row["q_value"] < 0.001 else f"q = {row['q_value']:.3f}"


def article_and_comments(gaps: pd.DataFrame, positions: pd.DataFrame) -> Finding:
    """Whether readers sound other than what they read, keep to its topic, and change as a thread goes on."""
    same = gaps[gaps["measure"] == "same topic"].iloc[0]
    tone = gaps[gaps["measure"] != "same topic"].iloc[0]
    if not tone["n_articles"]:
        text = "No article has both a score of its own and scored comments, so the two cannot be compared."
    else:
        text = (
            f"Over {plural(int(tone['n_articles']), 'article')}, the mean score is {signed(tone['article'])} for "
            f"articles and {signed(tone['thread'])} for their comments, {difference(tone)}."
        )
    if same["n_articles"]:
        text += (
            f" {percent(same['thread'])} of an article's comments have the article's own topic; under other articles "
            f"{percent(same['article'])} have it."
        )
    along = positions[positions["from_position"].isna()].set_index("measure").loc[tone["measure"]]
    if np.isfinite(along["low"]):
        how = "rises" if along["estimate"] > 0 else "falls"
        if not along["q_value"] < MAX_Q:
            how = "neither rises nor falls beyond chance"
        text += f" Within a thread the mean {tone['measure']} {how}: {interval(along)} each time the place doubles."
    return Finding(text)


THREADS = "The intervals respect that comments in one thread are alike. They do not cover faults of the instrument."
ALONE = (
    "The intervals take comments for independent, since nothing names their threads: where those of one thread are "
    "alike, they are too narrow, and what is said to be more than chance may be chance. They do not cover faults of "
    "the instrument either."
)


def limits(summary: pd.DataFrame, agreement: pd.DataFrame, instrument: str) -> list[str]:
    """What the figures do not say, for a reader who sees nothing but the report."""
    share = summary.set_index("quantity")["share"]
    said = [
        "Those who comment are not the public: nothing here is an estimate of what people at large think.",
        "A topic is a group of comments with words in common; what it means is the reader's to judge.",
        "A change in time is no cause: what else happened at that date is not in these data.",
        ALONE if "comments without a thread" in share else THREADS,
        "Nor does a period's interval cover what moves all its threads at once, such as a week's news: a single period "
        "that stands out is one observation, however many comments it has. Tests of change over time allow for it.",
    ]
    if len(agreement):
        said.append("What people would have coded is what these coders would have: others might code otherwise.")
    else:
        said.insert(0, f"Nobody has checked the instrument ({instrument}) on these comments: its scores may mislead.")
    if share["comments with a time of their own"] + share["comments without any date"] < 1 - 1e-9:
        said.append("Comments without a time of their own take their article's: what was said later looks earlier.")
    return said
