"""Sentences change, hedge or vanish with the data; a trend whose interval includes none is not called one."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.findings.changes import MOST, Changes
from analysis.findings.claims import Finding
from analysis.findings.findings import Findings
from analysis.report.front import leading

TOPICS = pd.DataFrame(
    {"topic": [0], "label": ["hospital · ward"], "n_comments": [300], "n_threads": [20], "stability": [0.9]}
)
NONE = TOPICS.iloc[:0]
EMPTY = pd.DataFrame()
ALIKE = pd.DataFrame({"article_id": ["a", "a"], "sentiment": 0.1})
CLAIMED = EMPTY.reindex(columns=["change", "topic", "event", "part", "estimate", "low"])


def found(name, topics=TOPICS, note="", measure="sentiment", period="month", **tables):
    """A finding of a study that has these topics and these tables."""
    source, time = SimpleNamespace(timezone="Europe/Paris"), SimpleNamespace(period=period)
    sentiment = SimpleNamespace(range=(-1, 1), instrument="vader", name=measure)
    given = {"topic_levels": pd.DataFrame(columns=["level", "label", "n_comments", "stability"])}
    given |= {"main_topic": pd.DataFrame({"share": [np.nan, np.nan]}), "topic_choice": EMPTY, "topic_history": EMPTY}
    given |= {"corrected": EMPTY, "agreement": EMPTY, "comments": ALIKE} | tables
    settings = SimpleNamespace(source=source, sentiment=sentiment, time=time)
    held = SimpleNamespace(**given, topics=topics, settings=settings, note=lambda: note)
    return getattr(Findings(held), name)


def changes(
    breaks=None, slopes=None, topics=TOPICS, *, compared=None, coded=EMPTY, tried=EMPTY, comments=ALIKE, **more
):
    """What changed, by these tables; people's codes, and what came of it otherwise."""
    tables = {"change_points": breaks, "slopes": slopes, "comparisons": compared, "decomposition": CLAIMED}
    tables |= {"corrected_changes": coded, "robustness": tried, "comments": comments}
    return Changes(SimpleNamespace(**tables), topics, EMPTY, **more)


def over_time(breaks, slopes, topics=TOPICS, *, comments, activity, **more):
    return changes(breaks, slopes, topics, comments=comments, **more).over_time(comments, activity)


def events(compared, topics=TOPICS, **more):
    return changes(compared=compared, topics=topics, **more).events()


AT = pd.Timestamp("2023-02-01", tz="Europe/Dublin")


def broke(q, **kwargs):
    row = {"series": "sentiment of topic 0", "topic": 0, "measure": "sentiment", "at": AT, "low": AT, "high": AT}
    row |= {"before": 0.2, "after": -0.3, "size": -0.45, "size_low": -0.6, "size_high": -0.3, "line_p": 0.01}
    row |= {"p_value": q / 2, "q_value": q, "step": 1}
    return pd.DataFrame([row | kwargs]).astype({"topic": "Int64"})


def slope(q, low=0.01, high=0.05, **kwargs):
    row = {"series": "share of topic 0", "topic": 0, "measure": "share", "estimate": 0.03, "low": low, "high": high}
    return pd.DataFrame([row | {"p_value": q / 2, "q_value": q} | kwargs]).astype({"topic": "Int64"})


def many(n_periods=24, n=9, threads=1):
    """So many comments over so many periods."""
    comments = pd.DataFrame({"article_id": [f"a{i % threads}" for i in range(n)]})
    return {"comments": comments, "activity": pd.DataFrame({"n_comments": [1] * n_periods})}


def said(changes, slopes, n_periods=24):
    return over_time(changes, slopes, TOPICS, **many(n_periods)).text.splitlines()


def test_a_break_is_said_with_its_date_and_numbers():
    (text,) = said(broke(0.01), slope(0.9))
    assert "“hospital · ward” fell from +0.20 to −0.30 around 2023-02" in text and "q = .010" in text
    assert "of the change −0.60 to −0.30" in text


def test_what_a_line_explains_as_well_is_no_break():
    (text,) = said(broke(0.01, line_p=0.2), slope(0.9))
    assert "fell from +0.20 to −0.30, around 2023-02 or little by little, which these data do not tell" in text
    (text,) = said(broke(0.01, line_p=0.2, series="share of topic 0"), slope(0.01))
    assert "rises by 3.0 points a year" in text, "of the two the slope"


def test_what_chance_explains_is_not_said():
    (text,) = said(broke(0.2), slope(0.2))
    assert text.startswith("No change over time that chance does not explain, in tone or composition: of 1 break")


def test_a_trend_whose_interval_includes_none_is_not_called_one():
    (text,) = said(broke(0.2), slope(0.01, low=-0.01))
    assert "rises" not in text and text.startswith("No change")
    (text,) = said(broke(0.2), slope(0.01))
    assert "“hospital · ward” rises by 3.0 points a year (95 % interval +1.0 to +5.0" in text


def test_too_little_to_say_anything():
    (text,) = said(broke(0.2), slope(0.9), n_periods=2)
    assert (
        text == "9 comments in 1 thread over 2 periods are too few to speak of a trend or any other change over time."
    )
    (text,) = said(broke(0.1).iloc[:0], slope(0.1).iloc[:0], n_periods=1)
    assert "1 period are too few" in text


def test_a_series_that_breaks_is_not_also_said_to_rise():
    sentences = said(broke(0.01, series="share of topic 0", measure="share", before=0.1, after=0.2), slope(0.001))
    assert len(sentences) == 1 and "rose from 10 % to 20 %" in sentences[0]


def test_many_changes_are_counted_and_not_all_told():
    several = pd.concat([broke(0.01, series=f"s{i}") for i in range(10)], ignore_index=True)
    sentences = said(several, slope(0.9))
    assert len(sentences) == MOST + 1 and sentences[-1] == "Further, and with q below .05, see Over time: 4 breaks."


def overall(**kwargs):
    row = {"estimate": 0.1, "low": 0.05, "high": 0.15, "n_comments": 100, "n_threads": 10}
    row |= {"by_thread": 0.2, "by_thread_low": 0.12, "by_thread_high": 0.28}
    return pd.DataFrame([row | kwargs])


def test_the_mean_says_what_counts_once():
    text = found("sentiment", overall=overall(), agreement=agreed()).text
    assert (
        "over 100 scored comments in 10 threads, every comment counting once; with every thread counting once" in text
    )
    assert "it is +0.20 (95 % interval +0.12 to +0.28)." in text


def agreed(**kwargs):
    row = {"instrument": "vader", "coders": "a, b", "n": 300}
    row |= {
        f"{k}{e}": v
        for k in ("alpha", "accuracy", "f1_macro", "r")
        for e, v in (("", 0.8), ("_low", 0.75), ("_high", 0.85))
    }
    return pd.DataFrame([row | kwargs])


def worth(**kwargs):
    (_, sentence) = found("sentiment", overall=overall(), agreement=agreed(**kwargs)).sentences
    return sentence.text


def test_an_unchecked_instrument_is_said_to_be():
    empty = agreed().iloc[:0]
    assert "unchecked on this corpus" in found("sentiment", overall=overall(), agreement=empty).text
    assert found("instrument", agreement=empty) and not found("instrument", agreement=agreed())
    assert any("Nobody has checked" in limit for limit in found("limits", summary=SUMMARY, agreement=empty))


def test_a_poor_instrument_and_poor_coders_are_named():
    assert "Do not use" in worth(accuracy=0.4) and "Do not use" not in worth()
    assert "check itself is weak" in worth(alpha_low=0.5)


def test_one_coder_has_nobody_to_agree_with():
    text = worth(alpha=np.nan, alpha_low=np.nan, alpha_high=np.nan, r=np.nan, r_low=np.nan)
    assert "nan" not in text and "takes two who coded the same comments" in text
    few = worth(accuracy_low=np.nan, accuracy_high=np.nan)
    assert "nan" not in few and "too few threads for an interval" in few
    assert "nan" not in worth(accuracy=np.nan)


def test_no_interval_is_said_and_not_hidden():
    assert (
        "too few threads for an interval"
        in found("sentiment", overall=overall(low=np.nan, high=np.nan), agreement=agreed(), comments=unscored(3)).text
    )


def test_what_stands_behind_a_sentence_respects_no_threads_where_there_are_none():
    apart = pd.DataFrame({"article_id": ["a", "b"], "sentiment": 0.1})
    for comments, says in (
        (ALIKE, "comments of a thread and of an author are alike"),
        (apart, "take comments for indep"),
    ):
        change = over_time(broke(0.01), slope(0.9), comments=comments, activity=many()["activity"]).sentences[0]
        mean = found("sentiment", overall=overall(), agreement=agreed(), comments=comments).sentences[0]
        none = over_time(broke(0.9), slope(0.9), comments=comments, activity=many()["activity"]).sentences[0]
        assert all(says in one.test for one in (change, mean, none))


def unscored(n):
    return pd.DataFrame({"article_id": "a", "sentiment": [np.nan] * n + [0.1]})


def test_unscored_comments_are_counted():
    assert (
        "3 comments got no score"
        in found("sentiment", overall=overall(), agreement=agreed(), comments=unscored(3)).text
    )
    assert "got no score" not in found("sentiment", overall=overall(), agreement=agreed()).text


SUMMARY = pd.DataFrame(
    [
        ("files read", 2, np.nan),
        ("lines or rows read", 100, np.nan),
        ("lines or rows rejected", 1, 0.01),
        ("articles (threads)", 1, np.nan),
        ("comments", 9, np.nan),
        ("authors", 8, np.nan),
        ("comments that repeat an earlier one", 0, 0.0),
        ("comments with a time of their own", 0, 0.0),
        ("comments without any date", 0, 0.0),
    ],
    columns=["quantity", "n", "share"],
)


def corpus(summary=(), times=("2023-02-01 23:30", "2023-02-28"), source="comment"):
    table = SUMMARY.assign(n=SUMMARY["quantity"].map(dict(summary)).fillna(SUMMARY["n"]))
    n = table.set_index("quantity")["n"]
    share = table["share"].where(table["share"].isna(), table["n"] / n["comments"])
    comments = pd.DataFrame({"posted_at": pd.to_datetime(pd.Series(times, dtype="str"), utc=True, format="mixed")})
    return found("corpus", summary=table.assign(share=share), comments=comments.assign(posted_at_source=source)).text


OWN_TIME, UNDATED = "comments with a time of their own", "comments without any date"


def test_the_corpus_in_words():
    text = corpus({OWN_TIME: 9})
    assert "9 comments by 8 authors under 1 article, the first of 2023-02-02 and the last of 2023-02-28." in text
    assert "Of 100 lines or rows in 2 files 1 was rejected, with a reason, and every other is in the tables." in text


def test_the_corpus_at_its_extremes():
    one = {"comments": 1, "authors": 0, "files read": 1, "lines or rows read": 1, "lines or rows rejected": 0}
    assert corpus(one | {OWN_TIME: 1}, ["2023-02-01"]).splitlines() == [
        "The corpus holds 1 comment under 1 article, all of 2023-02-01.",
        "Of 1 line or row in 1 file none was rejected: every one is in the tables.",
    ]
    undated = corpus({UNDATED: 9}, [None], source=None)
    assert "none of which has a date: nothing can be said of time." in undated and "no figure" not in undated
    some = corpus({UNDATED: 3, OWN_TIME: 6})
    assert "33 % of the comments have no date, and are in no figure over time." in some and "take the" not in some
    assert "All comments take the time of their article" in corpus(source="article")
    assert "repeat" not in some


HISTORY = pd.DataFrame({"what": ["same", "new"]})


def commented(n, unassigned):
    topic = [-1] * unassigned + [0] * min(300, n - unassigned)
    return pd.DataFrame({"topic": topic + [1] * (n - len(topic))})


def test_topics_in_words():
    text = found("topics", TOPICS, comments=commented(400, 100), topic_history=HISTORY).text
    assert text.startswith("1 topic in 400 comments; the largest one, “hospital · ward”, has 75 % of them.")
    assert "1 topic in 400 comments" in text and "25 % of the comments are unassigned" in text
    assert "Against the topics that people named: 1 same, 1 new." in text
    few = found("topics", NONE, comments=commented(9, 9), note="9 comments are too few.", topic_history=HISTORY[:0])
    assert few.text == "9 comments are too few."
    assert "people named" not in found("topics", TOPICS, comments=commented(400, 100), topic_history=HISTORY[:0]).text


TWO = pd.DataFrame(
    {
        "topic": [0, 1],
        "label": ["well · said", "tram · stop"],
        "n_comments": [300, 100],
        "n_threads": [20, 20],
        "stability": [0.3, 0.9],
    }
)


def test_a_topic_that_is_not_stable_is_counted_and_never_told():
    text = found("topics", TWO, comments=commented(500, 100)).text
    assert "the largest stable one, “tram · stop”" in text and "well" not in text
    assert (
        "1 of 2 comes out again" in text
        and "with 25 % of the comments" in text
        and "these topics are no finding" in text
    )
    none = found("topics", TWO.iloc[:1], comments=commented(500, 200)).text
    assert "well" not in none and "None of 1 come out again" in none
    assert "no finding" not in found("topics", TOPICS, comments=commented(400, 100)).text
    changes = pd.concat([broke(0.01), broke(0.01, topic=1, series="sentiment of topic 1")], ignore_index=True)
    told, more = over_time(changes, slope(0.001, series="x"), TWO, **many()).text.splitlines()
    assert "tram · stop" in told and more == "Not told: 1 break and 1 steady change of topics that are not stable."
    drop = compared(series="sentiment of topic 0", topic=0, second=-0.3, low=-0.7, high=-0.3, q_value=0.004)
    text = events(pd.DataFrame([compared(), drop]).astype({"topic": "Int64"}), TWO).text
    assert (
        "well" not in text and "no stable topic" in text and "Not told: 1 step of topics that are not stable." in text
    )
    groups = [agreed(by="all", group="all"), agreed(by="topic", group="0", accuracy=0.3, accuracy_high=0.4)]
    row = {"by": "all", "measure": "mean", "n_coded": 300, "estimate": -0.1, "low": -0.2, "high": 0.0}
    table = pd.DataFrame([row | {"n_comments": 900, "n_threads": 40, "uncorrected": 0.1}])
    assert (
        "Do not use"
        not in found("corrected", TWO, corrected=table, agreement=pd.concat(groups, ignore_index=True)).text
    )


@pytest.mark.parametrize(
    ("stability", "chosen", "says"),
    [
        ([0.5, 0.9, 0.6], 1, []),
        ([0.2, 0.4, 0.3], 1, ["No number of topics is good here", "at best at 0.40 of 1"]),
        ([0.85, 0.9, 0.88], 1, ["The curve is flat: from 5 to 10"]),
        ([0.5, 0.7, 0.9], 2, ["10 is the largest number tried", "more topics may agree better"]),
        ([0.9, 0.7, 0.5], 0, ["5 is the smallest number tried", "fewer topics may"]),
    ],
)
def test_how_the_number_of_topics_was_chosen_is_said_where_that_says_little(stability, chosen, says):
    curve = pd.DataFrame({"n_topics": [5, 8, 10], "stability": stability, "chosen": np.arange(3) == chosen})
    text = found("topics", TOPICS, comments=commented(400, 0), topic_choice=curve).text
    marks = ("No number", "is flat", "number tried")
    assert all(part in text for part in says) and (says or not any(mark in text for mark in marks))


def test_the_share_in_the_main_topic_stands_beside_that_by_own_words():
    text = found("topics", TOPICS, comments=commented(400, 0), main_topic=pd.DataFrame({"share": [0.97, 0.79]})).text
    assert (
        "97 % of the comments have the main topic of their thread; by their own words alone" in text and "79 %" in text
    )
    assert (
        "main topic"
        not in found(
            "topics", TOPICS, comments=commented(400, 0), main_topic=pd.DataFrame({"share": [np.nan, np.nan]})
        ).text
    )


def test_of_topics_from_a_file_nothing_is_said_of_own_words():
    given = TOPICS.assign(stability=np.nan)
    text = found("topics", given, comments=commented(400, 0), main_topic=pd.DataFrame({"share": [0.97, 0.97]})).text
    assert "97 % of the comments have the main topic of their thread." in text and "own words" not in text


def test_stable_themes_are_told_where_the_topics_are_not_stable():
    level = {"level": "theme", "label": ["transport", "the rest"], "n_comments": [250, 150], "stability": [0.8, 0.2]}
    levels = pd.DataFrame(level)
    text = found("topics", TWO, comments=commented(500, 100), topic_levels=levels).text
    assert "Their 2 themes are steadier: 1 comes out again, with 62 % of these comments: “transport”." in text
    assert "themes" not in found("topics", TOPICS, comments=commented(400, 0), topic_levels=levels).text
    few = levels.assign(n_comments=[50, 350])
    assert "themes" not in found("topics", TWO, comments=commented(500, 100), topic_levels=few).text


def test_corrected_in_words_names_where_the_instrument_fails():
    row = {"by": "all", "measure": "mean", "n_coded": 300, "estimate": -0.1, "low": -0.2, "high": 0.0}
    row |= {"n_comments": 900, "n_threads": 40}
    table = pd.DataFrame([row | {"uncorrected": 0.1}])
    groups = [agreed(by="all", group="all"), agreed(by="topic", group="0", accuracy=0.3, accuracy_high=0.4)]
    groups += [agreed(by="language", group="fr", accuracy=0.45, accuracy_high=0.6)]
    text = found("corrected", TOPICS, corrected=table, agreement=pd.concat(groups, ignore_index=True)).text
    assert text.startswith("As people code it, mean sentiment is −0.10 (95 % interval −0.20 to 0.00) over 900 comments")
    assert "; the scores alone say +0.10, which is too high by 0.20." in text
    headline = found("sentiment", overall=overall(), agreement=agreed(), corrected=table).text
    assert headline.startswith("As people code it") and not headline.startswith("Mean")
    assert "Do not use the instrument on: “hospital · ward”. It is wrong there more often than right." in text
    assert "The instrument may be wrong more often than right on: “language fr”." in text
    none = {"corrected": table.iloc[:0], "agreement": agreed().iloc[:0]}
    assert "no comment has been coded by hand for sentiment." in found("corrected", **none).text
    # With [codes] labels people code, but not for the measure: its name is said, and nothing of codes as such.
    labels = pd.DataFrame({"label": ["insult"], "by": ["all"], "n_coded": [40], "estimate": [0.1]})
    text = found("corrected", measure="incivility", coded_labels=labels, **none).text
    assert text.startswith("Nothing is corrected: no comment has been coded by hand for incivility.")


def test_what_people_judged_comes_first_and_a_formula_is_no_judge():
    formula = pd.DataFrame({"npmi": [0.21], "diversity": [0.985]})
    text = found("judged", coherence=formula, intrusion=EMPTY).text
    assert text.startswith("No person has judged these topics yet") and "NPMI +0.21" in text and "98 % of them" in text
    scores = pd.DataFrame(
        {
            "kind": ["words", "words"],
            "rater": ["all", "anna"],
            "n": [20, 20],
            "n_topics": [10, 10],
            "estimate": [0.85, 0.85],
            "low": [0.6, 0.6],
            "high": [0.95, 0.95],
            "by_chance": [1 / 6, 1 / 6],
        }
    )
    text = found("judged", coherence=formula, intrusion=scores).text
    assert "does not belong in 85 % of 20 answers on 10 topics (95 % interval 60 % to 95 %, by chance 17 %)" in text
    assert text.count("20 answers") == 1 and "No person" not in text


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "a\n<b>b</b>"])
def test_a_finding_is_text_and_never_markup(text):
    html = Finding.of(text)._repr_html_()
    assert "<script" not in html and "<b>" not in html


def compared(**kwargs):
    row = {"comparison": "event", "event": "the ward closes", "at": AT, "series": "sentiment", "topic": pd.NA}
    row |= {"measure": "sentiment", "n_first": 50, "n_second": 40, "first": 0.2, "second": 0.1, "estimate": -0.1}
    row |= {"step": -0.1, "step_low": -0.3, "step_high": 0.1, "detectable": 0.29, "placebo_rank": 3, "n_placebo": 11}
    return row | {"low": -0.2, "high": 0.0, "p_value": 0.04, "q_value": 0.2} | kwargs


def test_an_event_is_said_with_what_changed_and_what_chance_explains():
    drop = compared(series="sentiment of topic 0", topic=0, second=-0.3, low=-0.7, high=-0.3, q_value=0.004)
    share = compared(series="share of topic 0", topic=0, measure="share", q_value=0.6)
    table = pd.DataFrame([compared(), drop, share]).astype({"topic": "Int64"})
    text = events(table, TOPICS).text
    assert text.startswith("From “the ward closes” (2023-02-01) on, the mean sentiment of all comments went from +0.20")
    assert (
        "a step of −0.10 (95 % interval −0.30 to +0.10), number 3 of 12 dates by size, which chance may explain" in text
    )
    assert "four of five such studies would find a step of 0.29" in text and "no file says" in text
    assert "Of 2 series of topics, 1 took a step that chance does not explain" in text
    assert "“hospital · ward” went from +0.20 to −0.30, a step of −0.10 (95 %" in text and "; q = .004)" in text
    assert "share of" not in text
    unknown = pd.DataFrame([compared(step=np.nan)]).astype({"topic": "Int64"})
    assert "nothing tells a step from a line" in events(unknown, TOPICS).text
    none = pd.DataFrame([compared(n_first=0, low=np.nan, high=np.nan)]).astype({"topic": "Int64"})
    text = events(none, TOPICS).text
    assert "nothing can be said of the mean sentiment: 0 scored comments before and 40 after" in text
    assert "series" not in text
    shares = [dict(share, q_value=0.01), dict(share, series="share of topic 9", topic=9, q_value=0.01)]
    unscored = pd.concat([none, pd.DataFrame(shares)], ignore_index=True).astype({"topic": "Int64"})
    steady = pd.concat([TOPICS, TOPICS.assign(topic=9, label="a · b", stability=0.2)])
    text = events(unscored, steady).text
    assert "Of 1 series of stable topics, 1 took a step" in text and "share of “hospital · ward” went" in text
    assert "Not told: 1 step of topics that are not stable." in text
    shown = [
        change.row["topic"]
        for change in leading(changes(compared=unscored, topics=steady, breaks=broke(0.9), slopes=slope(0.9)))
    ]
    assert shown == [0]  # on the first page too, where no change of all comments stands before them
    assert "names no event" in events(table.iloc[:0], TOPICS).text
    other = pd.DataFrame([compared(measure="incivility")]).astype({"topic": "Int64"})
    assert "the mean incivility of all comments" in events(other, TOPICS).text
    topic = over_time(broke(0.001, measure="incivility"), slope(0.9), **many()).text
    assert topic.startswith("The mean incivility of “hospital · ward” fell from")  # and not in incivility


def test_article_and_comments_hedge_with_the_data():
    def said(n=9, q=0.2, along=(-0.01, 0.03)):
        gap = {"n_articles": n, "article": 0.1, "thread": 0.2, "estimate": 0.1, "low": 0.05, "high": 0.15, "q_value": q}
        rows = [{"measure": "sentiment"} | gap, {"measure": "same topic"} | gap]
        at = {"measure": "sentiment", "from_position": pd.NA, "estimate": sum(along) / 2, "q_value": q}
        at = pd.DataFrame([at | {"low": along[0], "high": along[1]}])
        return found("article_and_comments", article_gaps=pd.DataFrame(rows), by_position=at).text

    assert "chance may explain it (q = .200)" in said() and "neither rises nor falls" in said()
    assert "q = .010" in said(q=0.01, along=(0.01, 0.03)) and "sentiment rises" in said(q=0.01, along=(0.01, 0.03))
    assert "sentiment falls" in said(q=0.01, along=(-0.03, -0.01))
    assert said(n=0).startswith("No article has both")


def checked(what, topic, low, high, scores, at=AT):
    row = {"change": what, "topic": topic, "at": at, "low": low, "high": high, "scores": scores}
    return pd.DataFrame([row | {"estimate": (low + high) / 2}]).astype({"topic": "Int64"})


def test_a_change_of_the_scores_is_told_as_people_code_it_and_not_where_they_do_not():
    none, steady = slope(0.9), slope(0.01, measure="sentiment", series="sentiment of topic 0")

    def told(what, low, high, scores):
        changes, slopes = (broke(0.01), none) if what == "break" else (broke(0.9), steady)
        at = AT if what == "break" else pd.NaT
        return over_time(changes, slopes, TOPICS, coded=checked(what, 0, low, high, scores, at), **many()).text

    for what, sign in (("break", -1), ("slope", 1)):
        yes, unsure, against, few = (
            told(what, *sorted((sign * a, sign * b)), sign)
            for a, b in ((0.3, 0.9), (-0.3, 0.4), (-0.9, -0.3), (np.nan, np.nan))
        )
        assert "as scored" in yes and f"; as people code it, by {'+' if sign > 0 else '−'}0.60 (95 % interval" in yes
        assert unsure == against and "people's codes do not support" in unsure and unsure.startswith("Not told: 1 ")
        assert "too few of its comments are coded" in few
    unchecked = over_time(broke(0.01), none, TOPICS, **many()).text
    assert "as people code it" not in unchecked and "as scored" not in unchecked
    share = over_time(broke(0.9), slope(0.01), TOPICS, coded=checked("slope", 0, -1, 1, 1), **many()).text
    assert "rises by 3.0 points" in share and "code" not in share, "codes say nothing of shares"


def test_an_event_is_told_as_people_code_it_whatever_they_say():
    table = pd.DataFrame([compared()]).astype({"topic": "Int64"})
    text = events(table, TOPICS, coded=checked("event", None, -0.4, 0.2, -0.1, table["at"].iloc[0])).text
    assert "mean sentiment as scored of all comments" in text
    assert "; as people code it, by −0.10 (95 % interval −0.40 to +0.20)." in text


def tried(what, row, estimate, holds):
    """What came of a claim when it was computed otherwise, so often."""
    of = {"change": what, "event": row.get("event"), "at": row.get("at"), "series": row["series"]}
    of |= {"topic": row["topic"], "measure": row["measure"], "n_comments": 9, "low": -1.0, "high": 1.0}
    ways = [("as told", estimate, True), *((f"otherwise {i}", 0.0, held) for i, held in enumerate(holds))]
    return pd.DataFrame([of | {"specification": name, "estimate": value, "holds": held} for name, value, held in ways])


def test_a_change_says_in_how_many_ways_it_holds_and_is_not_told_where_it_holds_in_half():
    found, none = broke(0.01), slope(0.9)
    row = found.iloc[0]
    moved = row["after"] - row["before"]

    def told(holds, estimate=moved, **other):
        return over_time(
            found, none, TOPICS, tried=tried("break", row.to_dict() | other, estimate, holds), **many()
        ).text

    assert "; holds in 2 of 3 other ways of computing it." in told([True, True, False])
    assert told([True, False]).startswith("Not told: 1 break not holding in most other ways")
    for stale in (told([False, False], moved + 0.01), told([False], series="sentiment of topic 8")):
        assert "holding" not in stale and "holds" not in stale and stale.startswith("In tone, the mean sentiment"), (
            "of other data"
        )


def test_a_step_with_an_event_that_does_not_hold_is_counted_and_not_told():
    drop = compared(series="sentiment of topic 0", topic=0, second=-0.3, low=-0.7, high=-0.3, q_value=0.004)
    table = pd.DataFrame([compared(), drop]).astype({"topic": "Int64"})
    row = table.iloc[1]
    for holds, says in (
        ([True, True, False], "holds in 2 of 3"),
        ([False, False, True], "Not told: 1 step not holding"),
    ):
        text = events(table, TOPICS, tried=tried("event", row.to_dict(), row["step"], holds)).text
        assert says in text and ("“hospital · ward” went" in text) == ("holds in" in says)


def test_the_tone_of_a_topic_of_words_of_tone_is_not_told_unless_people_coded_it():
    told, share = broke(0.01), slope(0.01)
    found = over_time(told, share, TOPICS, of_tone=frozenset({0}), **many()).text
    assert "Not told: 1 break of the tone of topics that are found by words" in found and "the share of" in found
    coded = over_time(
        told, share, TOPICS, coded=checked("break", 0, -0.9, -0.3, -1), of_tone=frozenset({0}), **many()
    ).text
    assert "as people code it" in coded and "found by words" not in coded


def test_a_period_that_leaves_most_cells_empty_is_warned_of():
    cells = pd.DataFrame({"topic": 0, "low": [None, None, None, 0.1]})
    said = found("too_short", topics_by_period=cells)()
    assert said.startswith("A period of a month is too short for this corpus: 75 % of the cells")
    assert said.endswith("A longer one says more ([time] period in study.toml).")
    assert found("too_short", period="year", topics_by_period=cells)().endswith(" More threads say more.")
    assert (
        found("too_short", topics_by_period=cells.iloc[2:])() == "" == found("too_short", topics_by_period=cells[:0])()
    )
