"""What is drawn: in every figure of every corpus, wide and narrow, no text is cut, covers another or reads the same."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from analysis import plots, trends
from analysis.plots.style import is_narrow
from analysis.topics.similarity import topic_map

LONG = "a label of many words · that goes on and on · without any end in sight, and further"


def corpus(n, days, topics, *, label="word{0} · another{0}", undated=False, period="month"):
    """Comments over so many days, five a thread, of so many topics; the tone falls half-way."""
    rng = np.random.default_rng(n)
    at = pd.Timestamp("2012-03-05 09:30", tz="UTC") + pd.to_timedelta(np.sort(rng.uniform(0, days, n)), "D")
    topic = rng.integers(0, max(topics, 1), n) if topics else np.full(n, -1)
    rows = pd.DataFrame({"comment_id": [f"c{i}" for i in range(n)], "article_id": [f"a{i // 5}" for i in range(n)]})
    rows = rows.assign(author=[f"p{i}" for i in rng.integers(0, max(2, n // 4), n)], topic=topic)
    rows["posted_at"] = pd.NaT if undated else at
    rows["posted_at"] = pd.to_datetime(rows["posted_at"], utc=True).astype("datetime64[us, UTC]")
    rows["posted_at_source"], rows["language"] = "own", "en"
    rows["sentiment"] = np.clip(0.2 - 0.5 * (np.arange(n) > n / 2) + rng.normal(0, 0.4, n), -1, 1)
    sizes = rows["topic"].value_counts()
    of = pd.DataFrame({"topic": range(topics), "label": [label.format(i) for i in range(topics)]})
    of = of.assign(n_comments=[int(sizes.get(i, 0)) for i in range(topics)], n_threads=9, stability=0.9)
    of.loc[of["topic"] % 5 == 4, "stability"] = 0.3
    return rows, of, period


CORPORA = {
    "usual": lambda: corpus(900, 730, 8, period="quarter"),
    "nine comments": lambda: corpus(9, 3, 0, period="day"),
    "undated": lambda: corpus(120, 90, 3, undated=True),
    "80 topics": lambda: corpus(2400, 900, 80, period="month"),
    "long labels": lambda: corpus(600, 500, 6, label=LONG + " {}", period="quarter"),
    "one day": lambda: corpus(200, 0.9, 3, period="day"),
    "30 years": lambda: corpus(3000, 365 * 30, 6, period="month"),
}


@cache
def figures(of):
    """Every figure of a corpus by name, each to be drawn when called."""
    rows, topics, period = CORPORA[of]()
    by = {"period": period, "zone": "UTC"}
    tone, tones = (trends.by_period(rows, "sentiment", **by, **more) for more in ({}, {"by": "topic"}))
    shares, activity = trends.shares_by_period(rows, **by), trends.activity_by_period(rows, **by)
    changes, slopes = trends.change_points(rows, "sentiment", **by), trends.slopes(rows, "sentiment", **by)
    middle = rows["posted_at"].dropna().median()
    events = {} if pd.isna(middle) else {"the bridge is closed": middle, LONG: middle + pd.Timedelta(3, "D")}
    compared = trends.comparisons(rows, "sentiment", **by, events=events)
    span = rows["posted_at"].agg(["min", "max"]).tolist()
    n = len(topics)
    vectors = np.random.default_rng(3).normal(size=(max(n, 1), 12)).astype(np.float32)
    tried = [
        {"change": "slope", "event": None, "at": pd.NaT, "series": f"s{topic}", "topic": topic, "measure": "share"}
        | {"specification": how, "estimate": 0.2, "low": low, "high": 0.3, "holds": low > 0}
        for topic in range(min(n, 3))
        for how, low in (("as told", 0.1), ("without the thread that moves it most", -0.1))
    ]
    group = {"by": "topic", "group": [str(i) for i in range(n)], "n": 30, "n_coded": 30, "measure": "mean"}
    group |= {"estimate": 0.1, "low": -0.1, "high": 0.3, "uncorrected": 0.2}
    ends = ("", "_low", "_high")
    group |= {f"{k}{e}": 0.5 + 0.1 * i for k in ("alpha", "accuracy", "f1_macro", "r") for i, e in enumerate(ends)}
    groups = pd.DataFrame(group | {"uncorrected_low": 0.1, "uncorrected_high": 0.3, "topic": range(n)})
    gaps = groups.assign(n_articles=9, article=0.1, thread=0.2, measure="sentiment")
    places = pd.DataFrame({"measure": "sentiment", "from_position": [1, 2, 3, 5, 9, 17, 33, 65]})
    places = places.assign(to_position=[1, 2, 4, 8, 16, 32, 64, None], n_comments=12_345, estimate=0.1, low=0, high=0.2)
    edges = np.linspace(-1.05, 1.05, 22)
    scores = pd.DataFrame({"low": edges[:-1], "high": edges[1:], "n_comments": 12_345})
    curve = pd.DataFrame({"n_topics": [5, 6, 40], "stability": [0.7999, 0.8, 0.8001], "chosen": [False, True, False]})
    sizes = rows["topic"].value_counts()
    means = sizes.rename_axis("topic").rename("n_comments").reset_index().assign(estimate=0.1, low=0.0, high=0.2)
    drawn = {
        "activity": lambda: plots.activity(activity, span=span),
        "by_period": lambda: plots.by_period(tone, changes=changes, events=events, span=span, note=LONG),
        "by_period of topics": lambda: plots.by_period(tones, topics=topics, changes=changes, events=events),
        "event": lambda: plots.event(compared, topics=topics),
        "heat": lambda: plots.heat(shares, topics=topics),
        "shares_by_period": lambda: plots.shares_by_period(shares, topics=topics, events=events),
        "slopes": lambda: plots.slopes(slopes, topics=topics),
    }
    if of in ("usual", "80 topics", "long labels"):  # the other corpora have no other topics
        drawn |= {
            "agreement_by_group": lambda: plots.agreement_by_group(groups, topics=topics),
            "article_gaps": lambda: plots.article_gaps(gaps, topics=topics, note=f"Unchecked. {LONG}"),
            "by_topic": lambda: plots.by_topic(means, topics=topics),
            "corrected": lambda: plots.corrected(groups, topics=topics),
            "specifications": lambda: plots.specifications(pd.DataFrame(tried), topics=topics),
            "topic_map": lambda: plots.topic_map(
                topic_map(vectors, vectors, np.arange(n), 1) if n else None, topics=topics
            ),
            "topic_sizes": lambda: plots.topic_sizes(topics, n_unassigned=7),
        }
    if of == "usual":  # of tables that are the same for every corpus
        drawn |= {
            "by_position": lambda: plots.by_position(places),
            "scores": lambda: plots.scores(scores),
            "topic_choice": lambda: plots.topic_choice(curve),
        }
    return drawn


def seen(figure):
    """Every text that is drawn, with its box in dots."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    hidden = {id(text) for ax in figure.axes if not ax.get_visible() for text in ax.findobj(Text)}
    for ax in (ax for ax in figure.axes if ax.get_visible()):
        for axis in (ax.xaxis, ax.yaxis):
            drawn = {id(tick) for tick in axis._update_ticks()}
            every = axis.get_major_ticks()
            hidden |= {id(t) for tick in every if id(tick) not in drawn for t in (tick.label1, tick.label2)}
            hidden |= {id(axis.offsetText)}
    found = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip() and id(t) not in hidden]
    shown = [t for t in found if not (hasattr(t, "axes") and t.axes is not None and not t.axes.get_visible())]
    return [(text, text.get_window_extent(renderer)) for text in shown if text.get_window_extent(renderer).width > 0]


def faults(figure):
    """What a reader would stumble over."""
    said, frame = [], figure.bbox
    for text, box in (drawn := seen(figure)):
        out = max(frame.x0 - box.x0, box.x1 - frame.x1, frame.y0 - box.y0, box.y1 - frame.y1)
        said += [f"cut: {text.get_text()!r}"] if out > 2 else []
    for (one, a), (other, b) in itertools.combinations(drawn, 2):
        wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        if wide > 2 and high > 3:
            said.append(f"{one.get_text()!r} and {other.get_text()!r} overlap")
    for ax in (ax for ax in figure.axes if ax.get_visible()):
        for axis in (ax.xaxis, ax.yaxis):
            labels = [label.get_text() for label in axis.get_ticklabels() if label.get_text()]
            if axis is ax.xaxis and len(set(labels)) < len(labels):
                said.append(f"ticks read the same: {labels}")
            if axis is ax.yaxis and not isinstance(axis.get_major_formatter(), type(None)):
                numbers = [text for text in labels if text.strip("−+0123456789., %") == ""]
                if len(set(numbers)) < len(numbers):
                    said.append(f"ticks read the same: {numbers}")
    return said


@pytest.mark.parametrize("of", CORPORA)
@pytest.mark.parametrize("narrow", [False, True], ids=["page", "phone"])
def test_no_text_is_cut_or_covers_another_and_no_two_ticks_read_the_same(of, narrow):
    said, token = [], is_narrow.set(narrow)
    try:
        drawn = figures(of)
        every = {name.split()[0] for name in figures("usual")}
        assert every == set(plots.__all__) - {"Figure"}, "every figure"
        for name, draw in drawn.items():
            figure = draw()
            if figure.axes:
                said += [f"{name}: {fault}" for fault in faults(figure)]
                assert round(figure.get_size_inches()[0], 6) == (3.75 if narrow else 7.2)
    finally:
        is_narrow.reset(token)
    assert not said, "\n".join(said)
