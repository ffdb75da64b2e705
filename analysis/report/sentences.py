"""Finished tables -> sentences whose numbers are computed: they change, hedge or vanish with the data."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from analysis.plots.wording import MAX_Q, MIN_ACCURACY, fixed, is_unstable, named, percent, signed
from analysis.report.claims import Cited, Finding, Sentence
from analysis.sentiment.instruments import Instrument

# Krippendorff (2004): below 0.667 codes do not support even tentative conclusions. The same line for the
# instrument's accuracy would be higher than most reach; below one half it is wrong more often than right.
MIN_ALPHA = 0.667
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
    share = summary.set_index("quantity")["share"]
    say = Cited("summary")
    text = f"The corpus holds {say.count(of('comments'), 'n', 'comment')}"
    if of("authors")["n"]:
        text += f" by {say.count(of('authors'), 'n', 'author')}"
    if "comments without a thread" in share:
        text += ", whose threads are not known"
    else:
        text += f" under {say.count(of('articles (threads)'), 'n', 'article')}"
    if comments["posted_at"].notna().any():
        show = partial(day, zone=zone)
        first, last = (say(comments, f"posted_at.{end}()", show, "comments") for end in ("min", "max"))
        text += f", all of {first}" if first == last else f", the first of {first} and the last of {last}"
    else:
        text += ", none of which has a date: nothing can be said of time"
    sentences = [say.sentence(f"{text}.", figure=figure)]
    say = Cited("summary")
    read, rejected = of("lines or rows read"), of("lines or rows rejected")
    text = f"Of {say.count(read, 'n', 'line or row', 'lines or rows')} in {say.count(of('files read'), 'n', 'file')} "
    if rejected["n"]:
        were = "was" if rejected["n"] == 1 else "were"
        text += f"{say(rejected, 'n', '{:,.0f}'.format)} {were} rejected, with a reason, "
        text += "and every other is in the tables"
    else:
        text += "none was rejected: every one is in the tables"
    sentences.append(say.sentence(f"{text}.", figure="1_corpus: Was every line read?"))
    for name, says, place in (
        ("comments that repeat an earlier one", "{} repeat an earlier one.", "Is anything said over and over?"),
        ("comments without any date", "{} have no date, and are in no figure over time.", "When was it written?"),
    ):
        if 0 < share[name] < 1:
            say = Cited("summary")
            sentences.append(say.sentence(says.format(say(of(name), "share", part)), figure=f"1_corpus: {place}"))
    taken = 1 - share["comments with a time of their own"] - share["comments without any date"]
    if taken > 1e-9:
        say = Cited("comments")
        n = say(comments, "(posted_at_source == 'article').mean()", part)
        sentences.append(say.sentence(f"{n} take the time of their article, having none of their own."))
    return Finding.of(*sentences)


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
    say, show = Cited("overall"), signed if measure == "sentiment" or "share_negative" in row else fixed
    if not coded:
        text = f"Mean {measure} is {say.interval(row, show=show)} over {say.count(row, 'n_comments', 'scored comment')}"
        text += f" in {say.count(row, 'n_threads', 'thread')}, every comment counting once"
        text += f"; with every thread counting once it is {say.interval(row, 'by_thread', show)}."
        sentences = [say.sentence(text, figure="4_over_time: Does the tone change?", test=f"None; {THREADS_ALIKE}.")]
    else:
        sentences = [as_coded(corrected, measure)]
    if comments is not None and row["n_comments"] and comments["sentiment"].isna().any():
        say = Cited("comments")
        text = f"{say.count(comments, 'sentiment.isna().sum()', 'comment')} got no score: empty, or not known to the "
        text += "instrument or its file"
        if not coded and "least" in row:
            ends = (say(row, end, show, "overall") for end in ("least", "most"))
            text += f"; whatever they sound like, the mean of all comments is between {' and '.join(ends)}"
        sentences.append(say.sentence(f"{text}."))
    return Finding.of(*sentences, *instrument(agreement))


def unread(instrument: Instrument, languages: pd.DataFrame) -> str:
    """Why an instrument of certain languages scores nothing of a corpus, and what can be done."""
    if instrument.languages is None or languages.empty:
        return ""
    knows = ", ".join(f"“{code}”" for code in sorted(instrument.languages))
    main = languages.sort_values("n_comments", ascending=False, kind="stable").iloc[0]
    return (
        f"the instrument “{instrument.name}” reads {knows}, and can score fewer than half of the comments, of which "
        f"most are in “{main['language']}”. No mean, curve or test is made of such scores. What can be done: let "
        "people code some hundreds (“threadline code”), from which the instrument “coded” learns in any language; "
        "or name a word list of the language (lexicon:FILE.csv) or scores made elsewhere (scores:FILE.csv)."
    )


def as_coded(table: pd.DataFrame, measure: str = "sentiment") -> Sentence:
    """The mean as people would have coded it, and the scores' own beside it."""
    row, say = table[(table["by"] == "all") & (table["measure"] == "mean")].iloc[0], Cited("corrected")
    text = f"As people code it, mean {measure} is {say.interval(row)} over {say.count(row, 'n_comments', 'comment')}"
    text += f" in {say.count(row, 'n_threads', 'thread')}, by {say.count(row, 'n_coded', 'code')} and all scores"
    if np.isfinite(row["uncorrected"]):
        text += f"; the scores alone say {say(row, 'uncorrected')}"
        if np.isfinite(row["low"]) and not row["low"] <= row["uncorrected"] <= row["high"]:
            off = say(row, "uncorrected - estimate", lambda value: fixed(abs(value)))
            text += f", which is too {'high' if row['uncorrected'] > row['estimate'] else 'low'} by {off}"
    test = f"Prediction-powered inference; {THREADS_ALIKE}."
    return say.sentence(f"{text}.", figure="3_sentiment: What would people have said?", test=test)


def instrument(agreement: pd.DataFrame) -> list[Sentence]:
    """Say what the instrument is worth on this corpus, in plain words."""
    if agreement.empty:
        return [Sentence("The instrument is unchecked on this corpus: no comment has been coded by hand in its range.")]
    row, say = agreement.iloc[0], Cited("agreement")
    n = say.count(row, "n", "comment")
    text = f"Against {n} coded by people, {row['instrument']} gives the class that people give"
    if not np.isfinite(row["accuracy"]):
        return [say.sentence(f"{text} in an unknown share: too few of them have a score.")]
    text += f" in {say.interval(row, 'accuracy', percent)}"
    if np.isfinite(row["r"]):
        text += f", r = {say.interval(row, 'r', fixed)}"
    if np.isfinite(row["alpha"]):
        text += f"; the coders agree with each other at α = {say.interval(row, 'alpha', fixed)}."
    else:
        text += ". How far coders agree with each other is unknown: that takes two who coded the same comments."
    if row["alpha_low"] < MIN_ALPHA:
        text += f" The coders' agreement may be below {MIN_ALPHA}: the check itself is weak."
    if row["accuracy"] < MIN_ACCURACY:
        text += " Do not use this instrument on this corpus."
    return [say.sentence(text, figure="3_sentiment: Does the instrument agree with people?")]


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


def q_text(value: float) -> str:
    """A q-value as text: "q < .001", "q = .023"."""
    return "q < .001" if value < 0.001 else f"q = {value:.3f}".replace("0.", ".", 1)


def difference(say: Cited, row: pd.Series) -> str:
    """A comparison's difference, and whether chance explains it."""
    said = f"a difference of {say.interval(row)}"
    if row["q_value"] < MAX_Q:
        return f"{said}, {say(row, 'q_value', q_text)}"
    if row["low"] > 0 or row["high"] < 0:  # alone it would count, among so many it does not
        return f"{said}; among all the comparisons made, chance may explain it ({say(row, 'q_value', q_text)})"
    return f"{said}, which chance may explain" if np.isfinite(row["low"]) else said


def article_and_comments(gaps: pd.DataFrame, positions: pd.DataFrame) -> Finding:
    """Whether readers sound other than what they read, keep to its topic, and change as a thread goes on."""
    figure, test = "3_sentiment: Do readers sound like what they read?", "Paired by article, each counting once."
    same = gaps[gaps["measure"] == "same topic"].iloc[0]
    tone = gaps[gaps["measure"] != "same topic"].iloc[0]
    if not tone["n_articles"]:
        said = [Sentence("No article has both a score of its own and scored comments, so the two cannot be compared.")]
    else:
        say = Cited("article_gaps")
        text = f"Over {say.count(tone, 'n_articles', 'article')}, the mean score is {say(tone, 'article')} for articles"
        text += f" and {say(tone, 'thread')} for their comments, {difference(say, tone)}."
        said = [say.sentence(text, figure=figure, test=test)]
    if same["n_articles"]:
        say = Cited("article_gaps")
        text = f"{say(same, 'thread', percent)} of an article's comments have the article's own topic; under other"
        said.append(say.sentence(f"{text} articles {say(same, 'article', percent)} have it.", figure=figure, test=test))
    along = positions[positions["from_position"].isna() & (positions["measure"] == tone["measure"])].iloc[0]
    if np.isfinite(along["low"]):
        how, say = "rises" if along["estimate"] > 0 else "falls", Cited("by_position")
        if not along["q_value"] < MAX_Q:
            how = "neither rises nor falls beyond chance"
        text = f"Within a thread the mean {tone['measure']} {how}: {say.interval(along)} each time the place doubles."
        said.append(say.sentence(text, figure=figure, test="Within threads; q-values over this and the comparisons."))
    return Finding.of(*said)


THREADS = "The intervals respect that comments in one thread are alike. They do not cover faults of the instrument."
ALONE = (
    "The intervals take comments for independent, since nothing names their threads: where those of one thread are "
    "alike, they are too narrow, and what is said to be more than chance may be chance. They do not cover faults of "
    "the instrument either."
)
ARTICLE_TIMES = "Comments without a time of their own take their article's: what was said later looks earlier."
NO_CAUSE = "A change in time is no cause: what else happened at that date is not in these data."


def limits(summary: pd.DataFrame, agreement: pd.DataFrame, instrument: str) -> list[str]:
    """What the figures do not say, for a reader who sees nothing but the report."""
    share = summary.set_index("quantity")["share"]
    said = [
        "Those who comment are not the public: nothing here is an estimate of what people at large think.",
        "A topic is a group of comments with words in common; what it means is the reader's to judge.",
        NO_CAUSE,
        ALONE if "comments without a thread" in share else THREADS,
        "Nor does a period's interval cover what moves all its threads at once, such as a week's news: a single period "
        "that stands out is one observation, however many comments it has. Tests of change over time allow for it.",
    ]
    if len(agreement):
        said.append("What people would have coded is what these coders would have: others might code otherwise.")
    else:
        said.insert(0, f"Nobody has checked the instrument ({instrument}) on these comments: its scores may mislead.")
    if share["comments with a time of their own"] + share["comments without any date"] < 1 - 1e-9:
        said.append(ARTICLE_TIMES)
    return said


def warnings(cells: pd.DataFrame, period: str) -> Sequence[str]:
    """That a period leaves most cells of topics and time without an interval: `topics_by_period` with its intervals."""
    empty = float(cells["low"].isna().mean()) if len(cells) else 0.0
    if empty <= 0.5:
        return []
    return [
        f"A period of a {period} is too short for this corpus: {percent(empty)} of the cells of a topic in a period "
        "have too few threads for an interval. A longer one says more ([time] period in study.toml)."
    ]
