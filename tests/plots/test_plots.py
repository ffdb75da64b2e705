"""Figures: a finished table in, a picture and its words out; nothing computed, nothing left behind."""

from __future__ import annotations

import warnings

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from analysis.plots import comparisons as comparison_figures
from analysis.plots import over_time as time_figures
from analysis.plots import sentiment as tone_figures
from analysis.plots import style as figures
from analysis.plots import topics as topic_figures
from analysis.topics.similarity import topic_map, topic_tree

STARTS = pd.date_range("2022-01-01", periods=6, freq="MS", tz="Europe/Dublin").as_unit("us")


def series(estimate, topic=None):
    table = pd.DataFrame({"period_start": STARTS[:-1], "period_end": STARTS[1:], "estimate": estimate})
    table["low"], table["high"] = table["estimate"] - 0.1, table["estimate"] + 0.1
    table[["n_comments", "n_threads", "n_authors", "n_own_time", "n_total"]] = [10, 6, 8, 4, 20]
    return table if topic is None else table.assign(topic=topic)


TOPICS = pd.DataFrame(
    {
        "topic": [0, 1],
        "label": ["tram · stop", "$x^2$ · <b>"],
        "n_comments": [30, 20],
        "n_threads": [9, 8],
        "stability": [0.9, 0.4],
    }
)
BY_TOPIC = pd.concat([series([0.1] * 5, 0), series([-0.2, np.nan, 0.3, 0.1, 0.2], 1), series([0.0] * 5, -1)])
CHANGES = pd.DataFrame(
    {"topic": [0], "at": [STARTS[2]], "low": [STARTS[1]], "high": [STARTS[3]], "before": [0.2], "after": [-0.3]}
)
AGREEMENT = pd.Series(
    {"n": 300}
    | {
        f"{k}{e}": v
        for k in ("alpha", "accuracy", "f1_macro", "r")
        for e, v in (("", 0.6), ("_low", 0.5), ("_high", 0.7))
    }
)
RIDGES = pd.DataFrame(
    {
        "period_start": STARTS[[0, 0, 1, 1]], "low": [-1.0, 0.0] * 2, "high": [0.0, 1.0] * 2,
        "n_comments": [10, 30, 0, 0], "share": [0.25, 0.75, np.nan, np.nan], "mean": [0.2, 0.2, np.nan, np.nan],
    }
)  # fmt: skip
EVENT = pd.DataFrame(
    {
        "topic": pd.array([None, 1, 0], dtype="Int64"), "measure": ["sentiment", "sentiment", "share"],
        "estimate": [-0.1, 0.2, 0.05], "low": [-0.2, 0.1, np.nan], "high": [0.0, 0.3, np.nan], "q_value": [0.2, 0.01, np.nan],
    }
)  # fmt: skip
GAPS = pd.DataFrame(
    {
        "n_articles": [9, 3], "article": [0.1, 0.0], "thread": [0.2, 0.1], "estimate": [0.1, 0.1],
        "low": [0.0, np.nan], "high": [0.2, np.nan],
    }
)  # fmt: skip
PLACES = pd.DataFrame(
    {
        "measure": ["sentiment"] * 3 + ["same topic"] * 2,
        "from_position": pd.array([1, 65, None, 1, None], dtype="Int64"),
        "to_position": pd.array([1, None, None, 1, None], dtype="Int64"),
        "n_comments": [9, 4, 13, 9, 9], "estimate": [0.1, 0.2, 0.01, 0.9, 0.0],
        "low": [0.0, np.nan, 0.0, 0.8, 0.0], "high": [0.2, np.nan, 0.1, 1.0, 0.0],
    }
)  # fmt: skip
DRAWN = {
    "activity": lambda: time_figures.activity(series([0.1] * 5), "month"),
    "topic_sizes": lambda: topic_figures.topic_sizes(TOPICS, 5),
    "topic_choice": lambda: topic_figures.topic_choice(
        pd.DataFrame({"n_topics": [2, 3], "stability": [0.8, 0.9], "chosen": [False, True]})
    ),
    "topic_map": lambda: topic_figures.topic_map(
        topic_map(np.eye(2, 5, dtype=np.float32), np.eye(5, dtype=np.float32), np.array([0, 1, 0, -1, 1]), 1), TOPICS
    ),
    "topic_tree": lambda: topic_figures.topic_tree(topic_tree(np.eye(2, 5, dtype=np.float32)), TOPICS),
    "sentiment_shares": lambda: tone_figures.sentiment_shares(
        pd.DataFrame({"low": [-1, -0.1, 0.5], "high": [-0.5, 0.1, 1], "n_comments": [1, 2, 1]})
    ),
    "sentiment_by_topic": lambda: tone_figures.sentiment_by_topic(
        pd.DataFrame({"topic": [0, -1], "n_comments": [9, 3], "estimate": [0.1, -0.1], "low": [0, np.nan], "high": [0.2, np.nan]}),
        TOPICS,
    ),
    "sentiment_by_period": lambda: time_figures.sentiment_by_period(series([0.1, -0.2, np.nan, 0.3, 0.1]), "month", "Unchecked."),
    "topics_by_period": lambda: time_figures.topics_by_period(BY_TOPIC, TOPICS, "month"),
    "topic_sentiment_by_period": lambda: time_figures.topic_sentiment_by_period(BY_TOPIC, TOPICS, CHANGES, "month"),
    "topic_heat": lambda: time_figures.topic_heat(BY_TOPIC, TOPICS, "month"),
    "tone_ridges": lambda: time_figures.tone_ridges(RIDGES, "month"),
    "event": lambda: comparison_figures.event(EVENT, ["all comments", "$x$ · <b>", "tram · stop"], "After “$x$” against before"),
    "article_gaps": lambda: comparison_figures.article_gaps(GAPS, ["all articles", "$x$ · <b>"]),
    "by_position": lambda: comparison_figures.by_position(PLACES),
    "agreement_by_group": lambda: tone_figures.agreement_by_group(
        pd.DataFrame({"n": [30, 12], "accuracy": [0.7, 0.4], "accuracy_low": [0.6, 0.2], "accuracy_high": [0.8, 0.5]}),
        ["language en", "$x$ · <b>"],
    ),
    "corrected_means": lambda: tone_figures.corrected_means(
        pd.DataFrame(
            {"n_coded": [30, 0], "estimate": [-0.1, np.nan], "low": [-0.2, np.nan], "high": [0.0, np.nan]}
            | {"uncorrected": [0.1, 0.2], "uncorrected_low": [0.0, 0.1], "uncorrected_high": [0.2, 0.3]}
        ),
        ["all comments", "$x$ · <b>"],
    ),
    "agreement": lambda: tone_figures.agreement(AGREEMENT),
}  # fmt: skip


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_is_drawn_and_says_what_it_shows(name):
    before = dict(mpl.rcParams)
    picture = DRAWN[name]()
    data, about = picture._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG") and len(data["image/png"]) > 5000
    assert about["image/png"]["alt"] == data["text/plain"] == picture.alt
    assert any(character.isdigit() for character in picture.alt) and picture.alt.endswith(".")
    assert dict(mpl.rcParams) == before, "matplotlib's settings are the user's"


def test_a_single_coder_has_no_alpha_and_the_figure_leaves_it_out():
    picture = tone_figures.agreement(AGREEMENT.where(~AGREEMENT.index.str.startswith("alpha")))
    assert "nan" not in picture.alt and "α" not in picture.alt and "accuracy 0.60" in picture.alt


def test_the_same_table_gives_the_same_bytes():
    assert DRAWN["topics_by_period"]().png() == DRAWN["topics_by_period"]().png()


def test_a_table_is_not_changed():
    table = series([0.1, -0.2, np.nan, 0.3, 0.1])
    copy = table.copy(deep=True)
    time_figures.sentiment_by_period(table, "month")
    pd.testing.assert_frame_equal(table, copy)


def test_an_unstable_topic_is_pale_and_named_so():
    assert figures.colour_of(1, TOPICS) == figures.PALE != figures.colour_of(0, TOPICS)
    assert figures.name_of(1, TOPICS).endswith("(unstable)") and figures.name_of(-1, TOPICS) == "unassigned"


def test_colours_are_keyed_by_topic_and_not_by_place():
    topics = TOPICS.assign(stability=0.9)
    assert figures.colour_of(1, topics) == figures.colour_of(1, topics.iloc[::-1].reset_index(drop=True))


def test_alt_text_has_the_numbers_of_the_table():
    alt = DRAWN["sentiment_by_period"]().alt
    assert "−0.20 in 2022-02" in alt and "+0.30 in 2022-04" in alt and "1 of 5 periods" in alt and "Unchecked." in alt
    assert "tram · stop from +0.20 to −0.30 at 2022-03-01" in DRAWN["topic_sentiment_by_period"]().alt


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0049, "0.5 %"), (0.123, "12 %"), (0.0996, "10 %"), (0, "0 %"), (1, "100 %"), (0.00001, "under 0.1 %")],
)
def test_shares_are_rounded_to_what_they_support(value, text):
    assert figures.percent(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.126, "+0.13"), (-0.5, "−0.50"), (-0.001, "0.00"), (0.001, "0.00")])
def test_sentiment_has_a_sign_and_no_negative_zero(value, text):
    assert figures.signed(value) == text


def test_no_name_on_the_map_covers_another():
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    n = 24
    topics = pd.DataFrame(
        {"topic": range(n), "label": [f"word{i} · another{i}" for i in range(n)], "n_comments": 9, "stability": 0.9}
    )
    vectors = np.random.default_rng(3).normal(size=(n, 12)).astype(np.float32)
    figure = topic_figures.topic_map(topic_map(vectors, vectors, np.arange(n), 1), topics).figure
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    boxes = [text.get_window_extent(renderer) for text in figure.axes[0].texts]
    assert len(boxes) == n
    frame = figure.bbox
    assert all(frame.x0 <= b.x0 and b.x1 <= frame.x1 for b in boxes)
    assert not [(i, j) for i in range(n) for j in range(i) if boxes[i].overlaps(boxes[j])]


def test_a_pdf_is_the_same_again_and_holds_no_date():
    first, again = DRAWN["topics_by_period"]().pdf(), DRAWN["topics_by_period"]().pdf()
    assert first == again and first.startswith(b"%PDF-") and b"CreationDate" not in first


def test_an_svg_is_the_same_again_and_holds_no_date():
    table = pd.DataFrame({"low": [-1.0, 0.0], "high": [0.0, 1.0], "n_comments": [3, 4]})
    one, two = (tone_figures.sentiment_shares(table).svg() for _ in range(2))
    assert one == two and b"<dc:date>" not in one and b"<text" not in one


# Machado, Oliveira and Fernandes (2009), severity 1: linear RGB as protanopes, deuteranopes and tritanopes see it.
SEEN = {
    "all": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def lab(colour, seen):
    rgb = np.array(mpl.colors.to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    x, y, z = XYZ @ np.clip(np.array(seen) @ linear, 0, 1) / [0.95047, 1, 1.08883]
    x, y, z = (np.cbrt(v) if v > 216 / 24389 else (24389 / 27 * v + 16) / 116 for v in (x, y, z))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("eyes", SEEN)
def test_no_two_colours_of_topics_look_alike_to_anyone(eyes):
    colours = [lab(colour, SEEN[eyes]) for colour in figures.COLOURS]
    apart = [np.linalg.norm(a - b) for i, a in enumerate(colours) for b in colours[:i]]
    assert min(apart) > 15
    pale = lab(figures.PALE, SEEN[eyes])
    assert min(np.linalg.norm(pale - colour) for colour in colours) > 12


def test_an_event_is_a_line_where_it_is_within_the_figure():
    at = [(STARTS[2], "the bridge is closed"), (STARTS[0] - pd.Timedelta(900, "D"), "long before")]
    picture = time_figures.sentiment_by_period(series([0.1] * 5), "month", events=at)
    said = [text.get_text() for text in picture.figure.findobj(mpl.text.Text)]
    assert "the bridge is closed" in said and "long before" not in said


def test_of_many_topics_the_largest_have_panels_and_the_rest_is_said():
    many = pd.DataFrame({"topic": range(30), "label": "a · b", "n_comments": 9, "n_threads": 6, "stability": 0.9})
    table = pd.concat([series([0.1] * 5, topic) for topic in range(30)])
    picture = time_figures.topics_by_period(table, many, "month")
    assert "The 20 largest of 30 topics." in picture.alt
    assert sum(axes.get_visible() for axes in picture.figure.axes) == 20
    assert "30 topics" in time_figures.topic_heat(table, many, "month").alt


def test_what_chance_may_explain_is_not_said_of_an_event():
    alt = DRAWN["event"]().alt
    assert "tone of $x$ · <b> +0.20 (+0.10 to +0.30)" in alt and "all comments" not in alt


def test_the_ends_of_the_calendar_are_drawn():
    starts = pd.Series(np.array(["0001-01-01", "9999-01-01"], "M8[us]")).dt.tz_localize("UTC")
    ends = pd.Series(np.array(["0002-01-01", "9999-12-30"], "M8[us]")).dt.tz_localize("UTC")
    table = series([0.1] * 5).head(2).assign(period_start=starts, period_end=ends)
    for picture in (time_figures.sentiment_by_period(table, "year"), time_figures.activity(table, "year")):
        assert picture.png()


@pytest.mark.parametrize("label", ["трамвай · маршрут", "القطار · المحطة", "λεωφορείο", "אוטובוס"])
def test_letters_of_other_scripts_are_drawn(label):
    picture = topic_figures.topic_sizes(TOPICS.assign(label=[label, "tram"]), 5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of a letter that no font has
        assert picture.png() and "No font" not in picture.alt


def test_a_letter_that_no_font_has_is_named():
    picture = topic_figures.topic_sizes(TOPICS.assign(label=["\U00013000 glyph", "tram"]), 5)
    assert "No font here has 1 of the letters in this figure" in picture.alt


def test_on_a_map_of_many_topics_the_largest_are_named():
    many = pd.DataFrame(
        {"topic": range(40), "label": [f"word{i:02d}" for i in range(40)], "n_comments": range(140, 100, -1)}
    )
    many = many.assign(n_threads=6, stability=0.9)
    rng = np.random.default_rng(1)
    centroids = rng.normal(size=(40, 8)).astype(np.float32)
    picture = topic_figures.topic_map(topic_map(centroids, centroids, np.arange(40), 1), many)
    named = [text.get_text() for text in picture.figure.findobj(mpl.text.Text) if text.get_text().startswith("word")]
    assert named == [f"word{i:02d}" for i in range(24)] and "The 24 largest are named." in picture.alt
