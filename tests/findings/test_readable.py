"""Tables for people: escaped, rounded, with their intervals, topics by their names."""

from __future__ import annotations

import base64
from types import SimpleNamespace

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from analysis import plots
from analysis.findings.claims import Finding
from analysis.findings.shown import plain, show
from analysis.findings.topic_browser import topic_browser
from analysis.report.figures import embed
from analysis.trends.wording import signed, with_interval

TOPICS = pd.DataFrame({"topic": [0, 1], "label": ["tram · stop", "=1+1 · NA"], "stability": [0.9, 0.4]})
AT = pd.Timestamp("2023-02-01", tz="Europe/Dublin")


def columns(table, **kwargs):
    return show(table, **kwargs).table.to_dict("list")


def test_estimate_and_interval_become_one_column_and_what_machines_read_goes():
    table = pd.DataFrame({"n_comments": [1200, 3], "estimate": [0.125, -0.5], "low": [0.1, None], "high": [0.15, None]})
    want = {"comments": ["1,200", "3"], "estimate": ["+0.12 (+0.10 to +0.15)", "−0.50 (too few threads)"]}
    assert columns(table.assign(interval="threads", n_eff=9.0, naive_low=0.1, series="x")) == want
    assert columns(table[["low", "high"]]) == {"low": ["0.10", "–"], "high": ["0.15", "–"]}, "a part of a table"


def test_shares_missing_values_and_p_values():
    table = pd.DataFrame({"share": [0.0123, None], "p_value": [0.0004, 0.25], "source_file": ["a.txt", None]})
    assert columns(table) == {"share": ["1.2 %", "–"], "p": ["< 0.001", "0.250"], "file": ["a.txt", "–"]}
    of = pd.DataFrame({"kept": [0.5], "estimate": [0.25], "low": [0.2], "high": [0.3]})
    assert columns(of, shares=("kept", "estimate")) == {"kept": ["50 %"], "estimate": ["25 % (20 % to 30 %)"]}
    assert columns(of.assign(n_total=9))["estimate"] == ["25 % (20 % to 30 %)"], "topics_by_period"


def test_a_measure_says_what_is_a_share_and_differences_of_shares_are_in_points():
    table = pd.DataFrame({"measure": ["share", "sentiment"], "first": [0.1, 0.1], "estimate": [0.05, 0.05]})
    table = table.assign(low=-0.01, high=0.2)
    assert columns(table)["estimate"] == ["5.0 % (−1.0 % to 20 %)", "+0.05 (−0.01 to +0.20)"]
    tested = columns(table.assign(p_value=0.2))
    assert tested["estimate"] == ["+5.0 points (−1.0 to +20.0)", "+0.05 (−0.01 to +0.20)"]
    assert tested["first"] == ["10 %", "+0.10"]


def test_what_a_change_is_without_a_thread_is_written_as_the_change_is():
    moved = pd.DataFrame({"measure": ["share", "sentiment", "anger"], "estimate": 0.162, "without": [0.137, -0.1, 0.1]})
    want = {"estimate": ["+16.2 points", "+0.16", "+0.16"], "without": ["+13.7 points", "−0.10", "+0.10"]}
    assert {name: columns(moved)[name] for name in want} == want
    step = pd.DataFrame({"measure": ["share"], "step": [0.1], "step_low": [0.05], "step_high": [0.2]})
    assert columns(step)["step"] == ["+10.0 points (+5.0 to +20.0)"]
    part = pd.DataFrame({"part": ["within"], "estimate": [0.1]})
    assert columns(part)["estimate"] == ["+0.10"]


def test_dates_and_shares_are_not_broken_and_a_long_text_has_room():
    table = pd.DataFrame({"at": ["2023-02-01 (2023-01-02 to 2023-03-04)"], "file": ["2023-02-01-a-long-name-of-a.txt"]})
    html = show(table, caption="<b>")._repr_html_()
    assert html.count('class="d"') == 1 and html.count('<td class="l">') == 1 and "<span>&lt;b&gt;</span>" in html
    said = Finding.of("It <b> rose by −4.5 % from 2023-02-01.")._repr_html_()
    assert '&lt;b&gt; rose by <span class="w">−4.5 %</span> from <span class="w">2023-02-01</span>.' in said
    assert '"w"' not in Finding.of("q = .023, 3,016 comments")._repr_html_()


def test_a_mean_of_nothing_is_unknown():
    assert with_interval(pd.Series({"estimate": np.nan, "low": np.nan, "high": np.nan})) == "unknown"


def test_the_page_of_an_article_is_a_link_and_nothing_else_is():
    wrong = ["javascript:alert(1)", 'https://x.org/"onclick=1', "https://", "ftp://x.org/a", "https://x.org/<b>", "x"]
    table = pd.DataFrame({"title": "https://x.org/", "url": ["https://news.example.org/a?b=1&c=2", *wrong]})
    html = show(table)._repr_html_()
    assert html.count("<a ") == 1 and "<b>" not in html
    assert '<a href="https://news.example.org/a?b=1&amp;c=2" rel="noopener noreferrer">news.example.org</a>' in html
    assert list(show(table).table) == ["title", "link"] and "javascript:alert(1)" in html


def test_topics_are_named_and_dates_are_dates():
    ends = {"low": [AT, *[pd.NaT] * 3], "high": [AT + pd.Timedelta(31, "D"), *[pd.NaT] * 3]}
    table = pd.DataFrame({"topic": pd.array([0, 1, -1, None], dtype="Int64"), "at": AT} | ends)
    shown = columns(table, topics=TOPICS)
    assert shown["topic"] == ["tram · stop", "=1+1 · NA (unstable)", "unassigned", "all comments"]
    assert shown["at"][:2] == ["2023-02-01 (2023-02-01 to 2023-03-04)", "2023-02-01"]
    assert columns(TOPICS[["topic", "label"]], topics=TOPICS)["topic"] == ["0", "1"]


def test_a_table_by_several_things_says_of_each_row_what_it_is():
    table = pd.DataFrame({"by": ["all", "topic", "period_start", "language"], "topic": pd.array([None, 0, None, None])})
    table = table.assign(period_start=[None, None, AT, None], language=[None, None, None, "fr"])
    assert columns(table[["by", "topic", "period_start", "language"]], topics=TOPICS)["group"] == [
        "all comments",
        "tram · stop",
        "from 2023-02-01",
        "language fr",
    ]


def test_of_a_long_table_the_first_rows_are_shown_and_it_says_so():
    shown = show(pd.DataFrame({"n": range(1000)}), caption="Counts.", rows=2)
    assert len(shown.table) == 2 and shown.caption == "Counts. The first 2 of 1,000 rows."
    assert len(show(pd.DataFrame({"n": range(1000)}), rows=None).table) == 1000


def test_what_pandas_counted_is_shown_with_its_index():
    counted = pd.Series(["en", "en", "fr"], name="language").value_counts()
    assert columns(counted) == {"language": ["en", "fr"], "count": ["2", "1"]}


@given(st.text())
def test_text_from_outside_is_never_markup(text):
    html = show(pd.DataFrame({"reason": [f"<img src=x onerror=alert(1)>{text}"]}), caption=f"<b>{text}")._repr_html_()
    assert "<img" not in html and "<b>" not in html


@given(st.text())
def test_no_control_or_direction_mark_is_shown(text):
    shown = plain(f"{text}\u202e\u200b\x00\n")
    assert not set(shown) & set("\u202e\u200b\x00\n\u2066")


def test_an_empty_table_says_so():
    shown = show(pd.DataFrame({"reason": pd.Series([], dtype="str")}), caption="What was rejected.")
    assert shown._repr_html_() == '<p class="next">What was rejected. None.</p>' and "(no rows)" in repr(shown)
    asked = show(pd.DataFrame({"reason": []}), none="Nothing: <go on>.")
    assert "Nothing: &lt;go on&gt;." in asked._repr_html_() and repr(asked) == "Nothing: <go on>."


def test_beside_a_figure_are_its_files_and_an_image_of_another_runs_nothing():
    table = pd.DataFrame({"topic": [0, 1], "n_comments": [1200, 3], "estimate": 0.1, "low": [0.0, None], "high": 0.2})
    data, about = plots.by_topic(table, topics=TOPICS).bundle(with_data=True)
    html, files = embed(data, about, "3_sentiment-1")
    assert set(files) == {f"figures/3_sentiment-1-by_topic.{kind}" for kind in ("png", "pdf", "csv")}
    assert all(f'<a download href="{name}">' in html for name in files) and html.count("<svg xmlns") == 2
    assert files["figures/3_sentiment-1-by_topic.csv"].decode().splitlines()[2].startswith("'=1+1 · NA (unstable),3,")
    again = {kind: base64.b64encode(of).decode() if isinstance(of, bytes) else of for kind, of in data.items()}
    assert embed(again, about, "3_sentiment-1") == (html, files), "as a notebook holds it"
    evil = "<svg onload='alert(1)'><script>alert(2)</script></svg>"
    for about in ({}, {"image/svg+xml": {"narrow": evil}}):
        html, files = embed({"image/svg+xml": evil}, about, "6_mine-1")
        assert html.startswith('<figure><img alt="" width="720" src="data:image/svg+xml;base64,') and not files


def test_topics_are_browsed_without_scripts_and_text_is_in_no_attribute():
    starts = pd.date_range("2022-01-01", periods=4, freq="MS", tz="UTC")
    shares = pd.DataFrame({"period_start": starts[:-1], "period_end": starts[1:], "estimate": [0.1, 0.2, 0.3]})
    shares = pd.concat([shares.assign(topic=topic, low=0.05, high=0.4, n_comments=9) for topic in (0, 1)])
    topics = TOPICS.assign(label=["tram", '" onload="x"><script>'], n_comments=[30, 20], n_threads=9)
    words = pd.DataFrame({"topic": [0, 1], "word": ["tram", "<b>"], "weight": [0.5, 0.0]})
    tones = pd.DataFrame({"topic": [0, 1], "estimate": 0.1, "low": [0.0, np.nan], "high": 0.2, "n_total": 100})
    levels = pd.DataFrame(columns=["level", "parent", "label", "stability"])
    tables = SimpleNamespace(topics_by_period=shares, by_topic=tones, topic_levels=levels)
    of = SimpleNamespace(table=topics, words=words, centroids=np.array([[1.0, 0.0], [0.4, 0.9]]))
    shown = topic_browser(tables, of, "sentiment", signed, {0: ["x" * 400]})
    html = shown._repr_html_()
    assert html.count("<details") == 2 == html.count("<svg xmlns") and html.count("<blockquote>") == 1
    assert "<script" not in html and 'onload="' not in html and "<b>" not in html
    assert "30 %, 30 comments in 9 threads" in repr(shown) and "not to be trusted" in repr(shown)
    assert "10 % in 2022-01, 30 % in 2022-03." in html


def test_means_of_a_measure_of_one_side_have_no_sign_and_their_differences_do():
    table = pd.DataFrame(
        {"measure": ["anger"], "first": 0.2, "second": 0.3, "estimate": 0.1, "low": 0.05, "high": 0.15}
    )
    assert columns(table.assign(p_value=0.2))["first"] == ["0.20"]
    assert columns(table.assign(p_value=0.2))["estimate"] == ["+0.10 (+0.05 to +0.15)"]
    assert columns(table[["estimate", "low", "high"]])["estimate"] == ["0.10 (0.05 to 0.15)"]
    assert columns(table.assign(measure="sentiment"))["first"] == ["+0.20"]
