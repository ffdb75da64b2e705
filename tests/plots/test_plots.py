"""Figures: a table in, a figure and its words out; nothing computed, nothing left behind."""

from __future__ import annotations

import base64
import html
import io
import re
import warnings
from pathlib import Path
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from analysis import plots, report
from analysis.plots import style
from analysis.plots.letters import fit, width, wrap
from analysis.settings import DATA, StudyError
from analysis.topics.similarity import topic_map
from analysis.trends import wording

STARTS = pd.date_range("2022-01-01", periods=6, freq="MS", tz="Europe/Dublin").as_unit("us")


def series(estimate, topic=None):
    table = pd.DataFrame({"period_start": STARTS[:-1], "period_end": STARTS[1:], "estimate": estimate})
    table["low"], table["high"] = table["estimate"] - 0.1, table["estimate"] + 0.1
    table[["n_comments", "n_threads", "n_authors", "n_own_time", "n_total"]] = [10, 6, 8, 4, 20]
    return table if topic is None else table.assign(topic=topic)


YEARS = pd.date_range("2018-01-01", periods=6, freq="YS", tz="Europe/Dublin").as_unit("us")
SERIES = series([0.1, -0.2, np.nan, 0.3, 0.1])
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
    {
        "topic": [0, 1], "measure": "sentiment", "at": STARTS[2], "low": STARTS[1], "high": STARTS[3],
        "before": 0.2, "after": -0.3, "q_value": [0.01, 0.4], "line_p": [0.01, np.nan],
    }
)  # fmt: skip
AGREEMENT = pd.DataFrame(
    {"by": ["all", "language", "topic"], "group": ["all", "en", "1"], "n": [300, 280, 30]}
    | {
        f"{k}{e}": v
        for k in ("alpha", "accuracy", "f1_macro", "r")
        for e, v in (("", 0.6), ("_low", 0.5), ("_high", 0.7))
    }
)
CORRECTED = pd.DataFrame(
    {
        "by": ["all", "topic", "all"], "topic": pd.array([None, 1, None], dtype="Int64"), "n_coded": [30, 0, 30],
        "measure": ["mean", "mean", "negative"], "estimate": [-0.1, np.nan, 0.4], "low": [-0.2, np.nan, 0.3],
        "high": [0.0, np.nan, 0.5], "uncorrected": 0.1, "uncorrected_low": 0.0, "uncorrected_high": 0.2,
    }
)  # fmt: skip
EVENT = pd.DataFrame(
    {
        "comparison": "event", "event": "the $5 fare", "at": STARTS[2], "measure": ["sentiment", "sentiment", "share"],
        "topic": pd.array([None, 1, 0], dtype="Int64"), "estimate": [-0.1, 0.2, 0.05], "low": [-0.2, 0.1, np.nan],
        "high": [0.0, 0.3, np.nan], "q_value": [0.2, 0.01, np.nan],
    }
)  # fmt: skip
EVENT = EVENT.assign(step=[-0.3, 0.4, np.nan], step_low=[-0.5, 0.1, np.nan], step_high=[-0.1, 0.7, np.nan])
GAPS = pd.DataFrame(
    {
        "measure": "sentiment", "topic": pd.array([None, 1], dtype="Int64"), "n_articles": [9, 3],
        "article": [0.1, 0.0], "thread": [0.2, 0.1], "estimate": 0.1, "low": [0.0, np.nan], "high": [0.2, np.nan],
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
SCORES = pd.DataFrame({"low": [-1, -0.1, 0.5], "high": [-0.5, 0.1, 1], "n_comments": [1, 2, 1]})
CURVE = pd.DataFrame({"n_topics": [2, 3], "stability": [0.8, 0.9], "chosen": [False, True]})
MEANS = pd.DataFrame(
    {"topic": [0, -1], "n_comments": [9, 3], "estimate": [0.1, -0.1], "low": [0, np.nan], "high": [0.2, np.nan]}
)
MAP = topic_map(np.eye(2, 5, dtype=np.float32), np.eye(5, dtype=np.float32), np.array([0, 1, 0, -1, 1]), 1)
TRIED = pd.DataFrame(
    [
        {"change": what, "event": None, "at": at, "series": name, "topic": topic, "measure": measure}
        | {"specification": how, "n_comments": 9, "estimate": 0.2, "low": low, "high": 0.3, "holds": low > 0}
        for what, at, name, topic, measure in (
            ("break", pd.Timestamp("2022-03-01", tz="UTC"), "sentiment", pd.NA, "sentiment"),
            ("slope", pd.NaT, "share of topic 0", 0, "share"),
        )
        for how, low in (("as told", 0.1), ("8 topics", -0.1), ("own words alone", 0.05))
    ]
)
DRAWN = {
    "activity": lambda: plots.activity(series([0.1] * 5)),
    "agreement_by_group": lambda: plots.agreement_by_group(AGREEMENT, topics=TOPICS),
    "article_gaps": lambda: plots.article_gaps(GAPS, topics=TOPICS),
    "by_period": lambda: plots.by_period(SERIES, note="Unchecked."),
    "by_period of topics": lambda: plots.by_period(BY_TOPIC, topics=TOPICS, changes=CHANGES),
    "by_position": lambda: plots.by_position(PLACES),
    "by_topic": lambda: plots.by_topic(MEANS, topics=TOPICS),
    "corrected": lambda: plots.corrected(CORRECTED, topics=TOPICS),
    "event": lambda: plots.event(EVENT, topics=TOPICS),
    "heat": lambda: plots.heat(BY_TOPIC, topics=TOPICS),
    "scores": lambda: plots.scores(SCORES),
    "slopes": lambda: plots.slopes(EVENT, topics=TOPICS),
    "shares_by_period": lambda: plots.shares_by_period(BY_TOPIC, topics=TOPICS),
    "specifications": lambda: plots.specifications(TRIED, topics=TOPICS),
    "topic_choice": lambda: plots.topic_choice(CURVE),
    "topic_map": lambda: plots.topic_map(MAP, topics=TOPICS),
    "topic_sizes": lambda: plots.topic_sizes(TOPICS, n_unassigned=5),
}


def texts(figure):
    return [text.get_text() for text in figure.findobj(mpl.text.Text)]


def test_completion_shows_what_draws_and_nothing_else():
    assert dir(plots) == sorted(["Figure", *{name.split()[0] for name in DRAWN}])


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_is_drawn_and_says_what_it_shows(name):
    before = dict(mpl.rcParams)
    figure = DRAWN[name]()
    data, about = figure._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG")
    assert about["image/png"]["alt"] == data["text/plain"] == figure.alt == repr(figure)
    assert any(character.isdigit() for character in figure.alt) and figure.alt.endswith(".")
    assert "nan" not in figure.alt and len(figure.data)
    assert not [text for text in figure.findobj(mpl.text.Text) if text.get_text() and text.get_parse_math()], (
        "$ starts no formula"
    )
    assert dict(mpl.rcParams) == before, "matplotlib's settings are the user's"


@pytest.mark.parametrize("name", sorted({name.split()[0] for name in DRAWN}))
def test_of_an_empty_table_it_says_in_words_that_there_is_nothing(name):
    for table in (pd.DataFrame(), DRAWN[name]().data.head(0)):
        figure = getattr(plots, name)(table)
        assert figure.alt.startswith("No figure: ") and figure.alt in texts(figure)
        assert figure.alt in html.unescape(figure._repr_mimebundle_()[0]["text/html"])


@pytest.mark.parametrize(
    ("figure", "why"),
    [
        (lambda: plots.by_period(SERIES.head(1)), "all is in one period, 2022-01"),
        (lambda: plots.event(EVENT, event="another"), "nothing is compared before and after “another”"),
        (
            lambda: plots.event(EVENT.assign(step_low=np.nan)),
            "too few threads before or after “the $5 fare” (2022-03-01)",
        ),
        (lambda: plots.agreement_by_group(AGREEMENT.head(1)), "its table has no groups"),
        (lambda: plots.corrected(CORRECTED.tail(1)), "its table has no means"),
        (lambda: plots.article_gaps(GAPS.assign(n_articles=0)), "no article has both a score of its own and"),
        (lambda: plots.by_position(PLACES.assign(estimate=np.nan)), "none of its places has scored comments"),
        (lambda: plots.scores(SCORES.assign(n_comments=0)), "no comment has a score"),
        (lambda: plots.by_topic(MEANS.assign(estimate=np.nan)), "no topic has scored comments"),
        (lambda: plots.activity(SERIES.iloc[:0]), "it has no periods, as no comment has a date"),
    ],
)
def test_where_there_is_nothing_to_draw_it_says_why(figure, why):
    assert figure().alt.startswith(f"No figure: {why}") and figure().alt in texts(figure())


def test_where_no_period_has_an_interval_it_says_so():
    unknown = {"low": np.nan, "high": np.nan}
    for draw, of in ((plots.by_period, SERIES), (plots.shares_by_period, BY_TOPIC), (plots.heat, BY_TOPIC)):
        figure, ends = draw(of.assign(**unknown)), {"period_start": YEARS[:-1], "period_end": YEARS[1:]}
        years = of.assign(**{name: np.tile(end, len(of) // 5) for name, end in ends.items()}, **unknown)
        assert not figure.axes and "enough for an interval; a longer period would have more" in figure.alt
        assert draw(years).alt.endswith("threads enough for an interval.")  # there is none that is longer


def test_a_table_of_another_kind_is_refused_with_the_column_that_it_lacks():
    with pytest.raises(StudyError, match="n_threads"):
        plots.activity(SCORES)
    with pytest.raises(StudyError, match="one row a period"):
        plots.by_period(BY_TOPIC.rename(columns={"topic": "language"}))
    alt = plots.by_period(BY_TOPIC.rename(columns={"topic": "paper"}).assign(paper="<i>"), by="paper").alt
    assert "Mean sentiment of each paper per month" in alt


def test_a_table_that_was_grouped_keeps_its_index_as_a_column():
    assert plots.by_topic(MEANS.set_index("topic"), topics=TOPICS).alt == DRAWN["by_topic"]().alt


@pytest.mark.parametrize(("days", "period"), [(1, "day"), (7, "week"), (31, "month"), (92, "quarter"), (365, "year")])
def test_the_period_is_known_by_its_length(days, period):
    starts = pd.date_range("2022-01-01", periods=3, freq=f"{days}D", tz="Europe/Dublin")
    table = pd.DataFrame({"period_start": starts[:-1], "period_end": starts[1:]})
    assert wording.period_of(table) == wording.period_of(table.astype("str")) == period


@pytest.mark.parametrize("kind", ["png", "pdf", "svg"])
def test_the_same_table_gives_the_same_file(kind, tmp_path):
    files = []
    for i in range(2):
        DRAWN["by_topic"]().savefig(tmp_path / f"{i}.{kind}")
        DRAWN["by_topic"]().savefig(held := io.BytesIO(), format=kind)
        files += [(tmp_path / f"{i}.{kind}").read_bytes(), held.getvalue()]
    assert len(set(files)) == 1
    assert not any(word in files[0] for word in (b"CreationDate", b"<dc:date>", b"Software", b"<text"))


def test_a_researcher_changes_a_figure_and_saves_it(tmp_path):
    figure = plots.by_period(SERIES)
    title = figure.suptitle("What I found: $5")
    figure.axes[0].set_ylim(-1, 1)
    figure.savefig(tmp_path / "mine.pdf")
    assert (tmp_path / "mine.pdf").read_bytes().startswith(b"%PDF-") and title.get_text() == "What I found: $5"
    assert "What I found: $5" in texts(figure) and figure.title == "What I found: $5"
    assert not any("between" in text for text in texts(figure)), "ours is gone"


def test_a_notebook_shows_a_figure_once_with_its_words_under_either_backend(tmp_path):
    """A changed figure, with pyplot and the inline backend at work before and after it."""
    import nbformat
    from nbclient import NotebookClient

    cells = [
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nimport pandas as pd\nfrom analysis import plots",
        "plt.rcParams['font.size'] = 20\nplt.plot([1, 2]);",
        "table = pd.DataFrame({'n_topics': [2, 3], 'stability': [0.8, 0.9], 'chosen': [False, True]})\n"
        "figure = plots.topic_choice(table)\nfigure.suptitle('Mine')\nfigure.savefig('x.pdf')\nfigure",
        "plt.plot([1, 2]);",
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(book, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [[output for output in cell.outputs if "image/png" in output.get("data", {})] for cell in book.cells]
    assert [len(outputs) for outputs in shown] == [0, 1, 1, 1]
    (figure,) = shown[2]
    assert figure.data["text/plain"].startswith("3 topics are chosen, at which reruns agree best.")
    assert figure.metadata["image/png"]["alt"] == figure.data["text/plain"]
    png = Image.open(io.BytesIO(base64.b64decode(figure.data["image/png"])))
    assert (png.width, png.mode) == (1080, "P"), "ours, and not the backend's"
    assert (tmp_path / "x.pdf").exists()


def test_for_a_page_it_comes_as_svg_for_a_phone_too_and_with_what_can_be_taken_along(monkeypatch):
    figure = DRAWN["agreement_by_group"]()
    assert "image/svg+xml" not in figure._repr_mimebundle_()[0]
    monkeypatch.setenv(DATA, "on")
    shown, about = figure._repr_mimebundle_()
    svg, held = shown["image/svg+xml"], about["image/svg+xml"]
    known = set()
    for one, wide in ((svg, style.WIDTH), (held["narrow"], style.NARROW)):
        assert f'viewBox="0 0 {72 * wide:g} ' in one and 'role="img"' in one and "language en" in one
        root = ElementTree.fromstring(one)
        title, described = root[0], root[1]
        assert title.text == figure.title and described.text == figure.alt
        assert root.get("aria-labelledby").split() == [title.get("id"), described.get("id")]
        inside = {"svg", "title", "desc", "path", "text", "g", "defs", "use", "clipPath", "rect"}
        assert {e.tag.split("}")[1] for e in root.iter()} <= inside, "nothing that runs or loads"
        ids = [e.get("id") for e in root.iter() if e.get("id")]
        assert len(set(ids)) == len(ids) and not set(ids) & known, "a page has several"
        known |= set(ids)
    assert base64.b64decode(held["pdf"]).startswith(b"%PDF-") and held["name"] == "agreement_by_group"
    assert pd.read_csv(io.StringIO(held["csv"]))["group"].tolist() == ["language en", "$x^2$ · <b> (unstable)"]
    shares = DRAWN["shares_by_period"]()._repr_mimebundle_()[1]["image/svg+xml"]["csv"]
    assert "2022-01-01T00:00:00+00:00,2022-02-01T00:00:00+00:00" in shares and "tram · stop" in shares
    assert DRAWN["agreement_by_group"]()._repr_mimebundle_() == (shown, about), "the same again"


def test_the_last_digit_of_a_place_changes_nothing_in_a_page():
    drawn = set()
    for digit in (0.1, np.nextafter(0.1, 1)):  # as the layout's own differ from one time to the next
        figure = plots.by_period(SERIES)
        figure.set_layout_engine("none")
        figure.axes[0].set_position((digit, 0.1, 0.7, 0.7))
        drawn.add(figure.bundle(with_data=True)[0]["image/svg+xml"])
    assert len(drawn) == 1


def test_its_colours_are_the_page_s_and_its_letters_are_text():
    svg = DRAWN["topic_sizes"]()
    svg = svg.bundle(with_data=True)[0]["image/svg+xml"]
    assert "fill:var(--t0,#0072b2)" in svg and "fill:var(--pale,#b4bcc2)" in svg and "font-family" not in svg
    assert "$x^2$ · &lt;b&gt; (unstable)" in svg and "<b>" not in svg
    css = (Path(report.__file__).parent / "templates" / "threadline" / "style.css").read_text()
    light, dark = (set(re.findall(r"--(\w+): #", rule)) for rule in css.splitlines()[:2])
    assert set(style.CSS.values()) <= light and set(style.CSS.values()) <= dark


def test_a_changed_figure_is_shown_as_it_was_changed_on_a_phone_too():
    figure = plots.by_period(SERIES)
    figure.suptitle("What I found")
    shown, about = figure.bundle(with_data=True)
    assert "What I found" in shown["image/svg+xml"] and "What I found" in about["image/svg+xml"]["narrow"]


def test_a_figure_with_an_image_in_it_has_it_on_a_page_too():
    figure = plots.by_period(SERIES)
    figure.axes[0].imshow(np.eye(3), extent=(*figure.axes[0].get_xlim(), -1, 1), aspect="auto")
    svg = figure.bundle(with_data=True)[0]["image/svg+xml"]
    assert 'href="data:image/png;base64,' in svg and svg.count("href=") > 1


def test_a_table_is_not_changed():
    copy = SERIES.copy(deep=True)
    plots.by_period(SERIES)
    pd.testing.assert_frame_equal(SERIES, copy)


def test_an_unstable_topic_is_pale_and_named_so():
    assert style.colour_of(1, TOPICS) == style.PALE != style.colour_of(0, TOPICS)
    assert wording.name_of(1, TOPICS).endswith("(unstable)") and wording.name_of(-1, TOPICS) == "unassigned"
    assert wording.name_of(pd.NA, TOPICS) == "all comments" and wording.name_of(7, TOPICS) == "topic 7"


def test_colours_are_keyed_by_topic_and_not_by_place():
    topics = TOPICS.assign(stability=0.9)
    assert style.colour_of(1, topics) == style.colour_of(1, topics.iloc[::-1].reset_index(drop=True))


def test_alt_text_has_the_numbers_of_the_table():
    alt = DRAWN["by_period"]().alt
    assert "−0.20 in 2022-02" in alt and "+0.30 in 2022-04" in alt and "1 of 5 periods" in alt and "Unchecked." in alt
    alt = DRAWN["by_period of topics"]().alt
    assert alt.startswith("“tram · stop” falls from +0.20 to −0.30 around 2022-03-01.")
    assert "Marked changes: “tram · stop” falls from +0.20 to −0.30 around 2022-03-01." in alt
    assert "Thick: the break, grey the 95 % interval of its date." in alt
    assert "all comments +0.10 as scored, −0.10 corrected" in DRAWN["corrected"]().alt


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0049, "0.5 %"), (0.123, "12 %"), (0.0996, "10 %"), (0, "0 %"), (1, "100 %"), (0.00001, "under 0.1 %")],
)
def test_shares_are_rounded_to_what_they_support(value, text):
    assert wording.percent(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.126, "+0.13"), (-0.5, "−0.50"), (-0.001, "0.00"), (0.001, "0.00")])
def test_sentiment_has_a_sign_and_no_negative_zero(value, text):
    assert wording.signed(value) == text


@pytest.mark.parametrize("scale", [0.0003, 0.003, 0.07, 0.9])
def test_an_axis_says_the_numbers_where_it_has_them(scale):
    figure = plots.by_topic(MEANS.assign(estimate=0, low=[-0.5 * scale] * 2, high=[scale] * 2), topics=TOPICS)
    axis = figure.axes[0].xaxis
    at, said = axis.get_majorticklocs(), [label.get_text() for label in axis.get_ticklabels()]
    assert len(at) > 2 and np.allclose([float(text.replace("−", "-")) for text in said], at, rtol=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=40), st.floats(20, 300))
def test_lines_fit_and_nothing_of_a_short_word_is_lost(text, room):
    assert width(fit(text, room, 9), 9) <= max(room, width("…", 9))
    assert all(width(line, 9) <= max(room, width("…", 9)) for line in wrap(text, room, 9))
    if all(width(word, 9) <= room for word in text.split()):
        assert " ".join(wrap(text, room, 9)).split() == text.split()


def test_no_name_on_the_map_covers_another():
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    n = 24
    topics = pd.DataFrame(
        {"topic": range(n), "label": [f"word{i} · another{i}" for i in range(n)], "n_comments": 9, "stability": 0.9}
    )
    vectors = np.random.default_rng(3).normal(size=(n, 12)).astype(np.float32)
    figure = plots.topic_map(topic_map(vectors, vectors, np.arange(n), 1), topics=topics)
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    boxes = [text.get_window_extent(renderer) for text in figure.axes[0].texts]
    assert len(boxes) == n
    frame = figure.bbox
    assert all(frame.x0 <= b.x0 and b.x1 <= frame.x1 for b in boxes)
    assert not [(i, j) for i in range(n) for j in range(i) if boxes[i].overlaps(boxes[j])]


def test_on_a_map_every_comment_is_a_dot_in_a_picture_and_on_a_page():
    """In a picture nothing is drawn of a line without any length."""
    pale = {}
    for rows in (MAP, MAP[~MAP["comment"]]):
        figure = plots.topic_map(rows, topics=TOPICS)
        pixels = np.asarray(Image.open(io.BytesIO(style.png_bytes(figure))).convert("L"))
        dots = re.findall(r'<path d="([^"]*)"[^>]*linecap:round', figure.bundle(with_data=True)[0]["image/svg+xml"])
        pale[len(rows)] = int((pixels < 250).sum()), "".join(dots).count("M")
    (with_dots, dots), (without, none) = pale.values()
    assert with_dots > without + 20 and (dots, none) == (int(MAP["comment"].sum()), 0)


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
    colours = [lab(colour, SEEN[eyes]) for colour in style.COLOURS]
    apart = [np.linalg.norm(a - b) for i, a in enumerate(colours) for b in colours[:i]]
    assert min(apart) > 15
    pale = lab(style.PALE, SEEN[eyes])
    assert min(np.linalg.norm(pale - colour) for colour in colours) > 12


def test_an_event_is_a_line_where_it_is_within_the_figure():
    events = {"the bridge is closed": "2022-03-01", "long before": STARTS[0] - pd.Timedelta(900, "D")}
    for one in (events, list(events.items())):
        said = " ".join(texts(plots.by_period(series([0.1] * 5), events=one)))
        assert "the bridge is closed" in said and "long before" not in said


def test_of_many_topics_the_largest_have_panels_and_the_rest_is_said():
    many = pd.DataFrame({"topic": range(30), "label": "a · b", "n_comments": 9, "n_threads": 6, "stability": 0.9})
    table = pd.concat([series([0.1] * 5, topic) for topic in range(30)])
    figure = plots.shares_by_period(table, topics=many)
    assert "Without a panel, too few threads, not stable or smaller: a · b, " in figure.alt
    assert " and 12 more." in figure.alt and sum(axes.get_visible() for axes in figure.axes) == 12
    assert "30 topics" in plots.heat(table, topics=many).alt


def test_what_chance_may_explain_is_not_said_of_an_event():
    stable = TOPICS.assign(stability=0.9)
    alt = plots.event(EVENT, topics=stable).alt
    assert alt.startswith("With “the $5 fare” (2022-03-01) 1 of 2 series took a step beyond chance.")
    assert (
        "tone of $x^2$ · <b> +0.40 (+0.10 to +0.70)" in alt and "all comments" not in alt
    )  # the step, which is tested
    alt = plots.slopes(EVENT, topics=stable).alt
    assert alt.startswith("1 of 2 series rises or falls beyond chance.") and "+0.20 (+0.10 to +0.30)" in alt


def test_no_title_tells_of_a_topic_that_is_not_stable():
    for figure in (DRAWN["event"](), DRAWN["slopes"]()):
        assert "one of 2 series" in figure.title and "None of them is beyond chance." in figure.alt
        assert "its topic is not stable" in " ".join(" ".join(texts(figure)).split())
    largest = TOPICS.assign(stability=[0.4, 0.9])
    assert "is the largest stable one of 2 topics: 40 %" in plots.topic_sizes(largest).title
    assert "“tram · stop”" in DRAWN["heat"]().title
    assert "none of them is stable" in plots.heat(BY_TOPIC, topics=TOPICS.assign(stability=0.4)).title
    assert DRAWN["topic_map"]().title == "2 topics: near is alike"
    three = topic_map(np.eye(3, 5, dtype=np.float32), np.eye(5, dtype=np.float32), np.array([0, 1, 2, -1, 1]), 1)
    known = pd.DataFrame({"topic": range(3), "label": list("abc"), "n_comments": 9, "stability": [0.9, 0.4, 0.9]})
    title = plots.topic_map(three, topics=known).title
    assert title.startswith("Of 2 stable topics") and "“a”" in title and "“c”" in title


def test_a_group_is_called_wrong_only_where_its_whole_interval_says_so():
    may, sure = AGREEMENT.assign(accuracy=0.45), AGREEMENT.assign(accuracy=0.3, accuracy_high=0.45)
    title = "In {} of 2 groups the instrument is wrong more often than right{}"
    assert plots.agreement_by_group(may).title == title.format("none", ", in 2 it may be")
    assert plots.agreement_by_group(sure).title == title.format(2, "")


def test_a_place_in_a_thread_without_an_interval_makes_no_title():
    assert DRAWN["by_position"]().title == "Mean sentiment: +0.10 at place 1 of a thread, +0.10 at 1"
    assert "hollow: too few threads for one" in " ".join(texts(DRAWN["by_position"]()))


def test_the_mean_of_a_topic_says_how_many_comments_were_scored():
    assert any("(n = 7)" in text for text in texts(plots.by_topic(MEANS.assign(n_scored=[7, 3]), topics=TOPICS)))


def test_the_name_of_an_event_covers_no_interval():
    table = series([0.1] * 5).assign(high=0.9, low=0.05)
    figure = plots.by_period(table, events={"the bridge is closed": "2022-03-01"}, measure="incivility")
    figure.draw_without_rendering()
    (name,) = (text for text in figure.axes[0].texts if "bridge" in text.get_text())
    foot = figure.axes[0].transData.inverted().transform(name.get_window_extent().get_points())[0, 1]
    assert foot > 0.9


def test_an_interval_that_goes_beyond_the_scale_of_shares_is_said():
    wide = pd.concat([series([0.3] * 5, 0), series([0.1] * 5, 1).assign(high=[0.9, *[0.2] * 4])])
    figure = plots.shares_by_period(wide, topics=TOPICS.assign(stability=0.9))
    assert figure.axes[0].get_ylim()[1] < 0.9 and "Wider than the scale: the interval of $x^2$ · <b>." in figure.alt
    assert "Wider" not in plots.shares_by_period(wide.assign(high=0.35), topics=TOPICS).alt


def test_periods_with_too_few_threads_are_said_where_they_are_drawn():
    assert "Stroke at the foot: too few threads for an interval." in DRAWN["by_period"]().alt
    assert "Stroke" not in plots.by_period(series([0.1] * 5)).alt


def test_the_ends_of_the_calendar_are_drawn():
    starts = pd.Series(np.array(["0001-01-01", "9999-01-01"], "M8[us]")).dt.tz_localize("UTC")
    ends = pd.Series(np.array(["0002-01-01", "9999-12-30"], "M8[us]")).dt.tz_localize("UTC")
    table = series([0.1] * 5).head(2).assign(period_start=starts, period_end=ends)
    for figure in (plots.by_period(table), plots.activity(table)):
        assert style.png_bytes(figure)


@pytest.mark.parametrize("label", ["трамвай · маршрут", "القطار · المحطة", "λεωφορείο", "אוטובוס"])
def test_letters_of_other_scripts_are_drawn(label):
    figure = plots.topic_sizes(TOPICS.assign(label=[label, "tram"]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of a letter that no font has
        assert style.png_bytes(figure) and "No font" not in figure.alt


def test_a_letter_that_no_font_has_is_named():
    figure = plots.topic_sizes(TOPICS.assign(label=["\U00013000 glyph", "tram"]))
    assert "No font here has 1 of the letters in this figure" in figure.alt


def test_on_a_map_of_many_topics_the_largest_are_named():
    many = pd.DataFrame(
        {"topic": range(40), "label": [f"word{i:02d}" for i in range(40)], "n_comments": range(140, 100, -1)}
    )
    many = many.assign(n_threads=6, stability=0.9)
    rng = np.random.default_rng(1)
    centroids = rng.normal(size=(40, 8)).astype(np.float32)
    figure = plots.topic_map(topic_map(centroids, centroids, np.arange(40), 1), topics=many)
    named = [text for text in texts(figure) if text.startswith("word")]
    assert named == [f"word{i:02d}" for i in range(24)] and "The 24 largest are named." in figure.alt


def test_what_people_code_is_the_line_and_the_scores_alone_are_dashed():
    means = pd.DataFrame({"by": "period_start", "period_start": STARTS[:-1], "measure": "mean", "n_coded": 20})
    means = means.assign(estimate=-0.5, low=-0.6, high=-0.4)
    others = means.assign(measure="negative", estimate=0.9)  # the shares of the same periods are no means
    figure = plots.by_period(SERIES, corrected=pd.concat([others, means]))
    (dashed,) = (line for line in figure.axes[0].lines if line.get_linestyle() == "--")
    np.testing.assert_array_equal(dashed.get_ydata(), SERIES["estimate"])
    assert set(figure.data["estimate"]) == {-0.5} and figure.data["scores"].equals(SERIES["estimate"])
    assert "scores alone" in texts(figure) and "as people code it" in figure.alt and "−0.50" in figure.alt
    uncoded = plots.by_period(SERIES, corrected=means.assign(low=np.nan))  # too few threads are coded for any interval
    assert uncoded.data["estimate"].equals(SERIES["estimate"]) and "as people code it" not in uncoded.alt


def test_where_nothing_is_scored_no_empty_axes_are_drawn():
    unscored = SERIES.assign(estimate=np.nan, low=np.nan, high=np.nan, n_comments=0)
    for table in (unscored, unscored.assign(topic=0)):
        figure = plots.by_period(table, topics=TOPICS)
        assert not figure.axes and "none of its comments has both a score and a date" in figure.alt


def test_a_measure_of_one_side_has_no_signs_and_its_own_range():
    edges = np.linspace(-0.025, 1.025, 22)
    bins = pd.DataFrame({"low": edges[:-1], "high": edges[1:], "n_comments": [9] * 7 + [0] * 14})
    figure = plots.scores(bins, measure="incivility")
    assert "Comments by their incivility, 0 to 1 (n = 63); pale: in the middle" in texts(figure)
    assert figure.axes[0].get_xlim()[0] > -0.1 and "100 % below the middle" in figure.alt
    both = plots.scores(bins.assign(low=2 * edges[:-1] - 1, high=2 * edges[1:] - 1))
    assert "Comments by their sentiment, −1 to +1 (n = 63); pale: neutral" in texts(both)


def test_a_specification_curve_names_what_does_not_hold():
    alt = plots.specifications(TRIED, topics=TOPICS).alt
    assert "before and after 2022-03-01: holds in 1 of 2, +0.20 as told; not 8 topics" in alt
    assert "holds in 1 of 2, +20 points as told; not 8 topics" in alt
    assert "threadline robustness" in plots.specifications(TRIED.iloc[:0]).alt
    many = pd.concat([TRIED.assign(series=f"sentiment of topic {i}") for i in range(5)], ignore_index=True)
    assert "The first 8 of 10 claims." in plots.specifications(many, topics=TOPICS).alt and "The first" not in alt


def test_a_thin_last_period_makes_no_title():
    table = series([0.1] * 4 + [0.8], 0).assign(n_comments=[10, 10, 10, 10, 4], n_total=[100, 100, 100, 100, 5])
    figure = plots.shares_by_period(table, topics=TOPICS)
    words = " ".join(text.get_text() for text in figure.findobj(lambda one: hasattr(one, "get_text")))
    assert "10 % of the comments in the first half" in " ".join(words.split()) and "12 % in the second" in words
