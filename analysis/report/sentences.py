"""Finished tables -> sentences whose numbers are computed: they change, hedge or vanish with the data."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from analysis.report.claims import Cited, Finding, Sentence
from analysis.report.html import rendered, spoken
from analysis.sentiment.instruments import Instrument
from analysis.trends.wording import MIN_ACCURACY, fixed, is_unstable, named, percent, signed

THREADS_ALIKE = "intervals and p-values respect that comments of a thread and of an author are alike"


def quantity(summary: pd.DataFrame, name: str) -> pd.Series:
    """The line of `summary` of a name."""
    return summary[summary["quantity"] == name].iloc[0]


def part(value: float) -> str:
    """A share of the comments at the start of a sentence."""
    return "No comments" if value == 0 else "All comments" if value == 1 else f"{percent(value)} of the comments"


def day(at: pd.Timestamp, zone: str) -> str:
    """A time as the day that it is in a zone."""
    return f"{at.tz_convert(zone):%Y-%m-%d}"


def corpus(summary: pd.DataFrame, comments: pd.DataFrame, zone: str = "UTC") -> Finding:
    """What is in the corpus, from its first comment to its last, and whether every line of it is accounted for."""
    of, figure = partial(quantity, summary), "1_corpus: When was it written?"
    share, dated = summary.set_index("quantity")["share"], comments["posted_at"].notna().any()
    told = {"unthreaded": "comments without a thread" in share, "dated": dated, "day": partial(day, zone=zone)}
    said = [Cited("summary").tell("corpus", of, comments, **told, figure=figure)]
    lines = (of(f"lines or rows {what}") for what in ("read", "rejected"))
    read, rejected = lines
    said.append(
        Cited("summary").tell("lines_read", read, of("files read"), rejected, figure="1_corpus: Was every line read?")
    )
    for name, says, place in (
        ("comments that repeat an earlier one", "{} repeat an earlier one.", "Is anything said over and over?"),
        ("comments without any date", "{} have no date, and are in no figure over time.", "When was it written?"),
    ):
        if 0 < share[name] < 1:
            say = Cited("summary")
            said.append(say.sentence(says.format(say(of(name), "share", part)), figure=f"1_corpus: {place}"))
    if 1 - share["comments with a time of their own"] - share["comments without any date"] > 1e-9:
        say = Cited("comments")
        n = say(comments, "(posted_at_source == 'article').mean()", part)
        said.append(say.sentence(f"{n} take the time of their article, having none of their own."))
    return Finding.of(*said)


def sentiment(
    overall: pd.DataFrame,
    agreement: pd.DataFrame,
    corrected: pd.DataFrame | None = None,
    *,
    measure: str = "sentiment",
    comments: pd.DataFrame | None = None,
    why_none: str = "",
) -> Finding:
    """How the comments sound on the whole: as people code it, where they did; and what the instrument is worth here."""
    row, coded = overall.iloc[0], corrected is not None and len(corrected) > 0
    if not row["n_comments"] and not coded:
        return Finding.of(f"Nothing is said of the comments' {measure}: {why_none or 'none of them has a score.'}")
    show = signed if measure == "sentiment" or "share_negative" in row else fixed
    said = (
        as_coded(corrected, measure)
        if coded
        else Cited("overall").tell(
            "mean", row, measure, show, figure="4_over_time: Does the tone change?", test=f"None; {THREADS_ALIKE}."
        )
    )
    without = comments is not None and row["n_comments"] and comments["sentiment"].isna().any()
    bounds = None if coded or "least" not in row else row
    unscored = Cited("comments").tell("unscored", comments, bounds, show) if without else ""
    return Finding.of(said, unscored, *instrument(agreement))


def unread(instrument: Instrument, languages: pd.DataFrame) -> str:
    """Why an instrument of certain languages scores nothing of a corpus, and what can be done."""
    if instrument.languages is None or languages.empty:
        return ""
    knows = ", ".join(f"“{code}”" for code in sorted(instrument.languages))
    main = languages.sort_values("n_comments", ascending=False, kind="stable")["language"].iloc[0]
    return spoken("unread", instrument.name, knows, main)


def as_coded(table: pd.DataFrame, measure: str = "sentiment") -> Sentence:
    """The mean as people would have coded it, and the scores' own beside it."""
    row, figure = table[(table["by"] == "all") & (table["measure"] == "mean")].iloc[0], "What would people have said?"
    behind = {"figure": f"3_sentiment: {figure}", "test": f"Prediction-powered inference; {THREADS_ALIKE}."}
    return Cited("corrected").tell("as_coded", row, measure, lambda value: fixed(abs(value)), **behind)


def instrument(agreement: pd.DataFrame) -> list[Sentence]:
    """Say what the instrument is worth on this corpus, in plain words."""
    if agreement.empty:
        return [Sentence("The instrument is unchecked on this corpus: no comment has been coded by hand in its range.")]
    row, figure = agreement.iloc[0], "3_sentiment: Does the instrument agree with people?"
    return [Cited("agreement").tell("instrument", row, figure=figure if np.isfinite(row["accuracy"]) else "")]


def corrected(
    table: pd.DataFrame, agreement: pd.DataFrame, topics: pd.DataFrame | None = None, measure: str = "sentiment"
) -> Finding:
    """What people would have said on the mean, and where the instrument must not be used."""
    if table.empty:
        return Finding.of("Nothing is corrected: no comment has been coded by hand. “threadline code” draws a sample.")
    by_group = agreement.iloc[1:]
    unsteady = [row.by == "topic" and is_unstable(int(row.group), topics) for row in by_group.itertuples()]
    groups = named(by_group[~np.array(unsteady, dtype=bool)], topics)
    sure = groups["accuracy_high"] < MIN_ACCURACY
    poor = groups.loc[~sure & (groups["accuracy"] < MIN_ACCURACY), "group"]
    said = [as_coded(table, measure)]
    if sure.any():
        which = "; ".join(f"“{group}”" for group in groups.loc[sure, "group"])
        said.append(Sentence(f"Do not use the instrument on: {which}. It is wrong there more often than right."))
    if len(poor):
        which = "; ".join(f"“{group}”" for group in poor)
        said.append(Sentence(f"It may be wrong more often than right on: {which}."))
    return Finding.of(*said)


def unchecked(agreement: pd.DataFrame) -> str:
    """Warn on the figure itself where no person has checked the instrument; else empty."""
    return "Instrument not checked by people on this corpus." if agreement.empty else ""


def article_and_comments(gaps: pd.DataFrame, positions: pd.DataFrame) -> Finding:
    """Whether readers sound other than what they read, keep to its topic, and change as a thread goes on."""
    figure, test = "3_sentiment: Do readers sound like what they read?", "Paired by article, each counting once."
    same = gaps[gaps["measure"] == "same topic"].iloc[0]
    tone = gaps[gaps["measure"] != "same topic"].iloc[0]
    if tone["n_articles"]:
        said = [Cited("article_gaps").tell("tone_gap", tone, figure=figure, test=test)]
    else:
        said = [Sentence("No article has both a score of its own and scored comments, so the two cannot be compared.")]
    if same["n_articles"]:
        said.append(Cited("article_gaps").tell("same_topic", same, figure=figure, test=test))
    along = positions[positions["from_position"].isna() & (positions["measure"] == tone["measure"])].iloc[0]
    if np.isfinite(along["low"]):
        test = "Within threads; q-values over this and the comparisons."
        said.append(Cited("by_position").tell("along_a_thread", along, figure=figure, test=test))
    return Finding.of(*said)


ARTICLE_TIMES = "Comments without a time of their own take their article's: what was said later looks earlier."
NO_CAUSE = "A change in time is no cause: what else happened at that date is not in these data."


def limits(summary: pd.DataFrame, agreement: pd.DataFrame, instrument: str) -> list[str]:
    """What the figures do not say, for a reader who sees nothing but the report."""
    share = summary.set_index("quantity")["share"].to_dict()
    of = {"coded": len(agreement), "instrument": instrument, "NO_CAUSE": NO_CAUSE, "ARTICLE_TIMES": ARTICLE_TIMES}
    return rendered("limits.txt.j2", share=share, **of).splitlines()


def warnings(cells: pd.DataFrame, period: str) -> Sequence[str]:
    """That a period leaves most cells of topics and time without an interval: `topics_by_period` with its intervals."""
    empty = float(cells["low"].isna().mean()) if len(cells) else 0.0
    if empty <= 0.5:
        return []
    return [
        f"A period of a {period} is too short for this corpus: {percent(empty)} of the cells of a topic in a period "
        "have too few threads for an interval. A longer one says more ([time] period in study.toml)."
    ]
