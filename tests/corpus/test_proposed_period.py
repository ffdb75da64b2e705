"""The period that `new` proposes: by the threads of a period, and with its reason."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.corpus.proposal import choose_period, propose, write
from analysis.study_file import read_settings


def threads(n, days, gap_after=None):
    """So many threads of two comments each, evenly over so many days; from one on none till the last."""
    at = pd.Timestamp("2021-01-01", tz="UTC") + pd.to_timedelta([days * i / n for i in range(n)], unit="D")
    if gap_after is not None:
        at = at[:gap_after].append(pd.DatetimeIndex([at[-1]] * (n - gap_after)))
    table = pd.DataFrame({"article_id": [f"a{i}" for i in range(n)], "posted_at": at.as_unit("us")})
    return pd.concat([table, table], ignore_index=True)


@pytest.mark.parametrize(
    ("comments", "period", "says"),
    [
        (threads(300, 20), "day", "the shortest that has 10 threads or more: in the middle one of 20 are 15 threads"),
        (threads(300, 730), "month", "in the middle one of 24 are 12 threads"),
        (threads(156, 730), "quarter", "in the middle one of 8 are 20 threads"),
        (threads(12, 730), "quarter", "the longest of which there are four; in the middle one of 8 are"),
        (threads(9, 2), "month", "no period gives four"),
        (
            threads(300, 730, gap_after=80),
            "quarter",
            "the longest of which there are four; in the middle one of 8 are 2 threads",
        ),
    ],
)
def test_a_period_is_chosen_by_its_threads_and_says_why(comments, period, says):
    found, why = choose_period(comments, "Europe/Dublin")
    assert found == period and says in why


def test_empty_periods_count_and_undated_comments_say_so():
    assert choose_period(threads(40, 40, gap_after=20), "UTC")[0] != "day"
    undated = threads(3, 3).assign(posted_at=pd.to_datetime(pd.Series([None] * 6), utc=True))
    assert choose_period(undated, "UTC") == ("month", "no comment has a date")


def test_the_reason_is_printed_and_stands_in_study_toml(tmp_path):
    table = threads(156, 730)
    table.assign(comment_id=range(len(table)), text="The tram").to_csv(tmp_path / "c.csv", index=False)
    proposal = propose(tmp_path / "study", [str(tmp_path / "c.csv")])
    (line,) = (line for line in proposal.seen if line.startswith("period = "))
    assert line.startswith("period = quarter: the shortest that has 10 threads or more")
    text = write(proposal).read_text()
    assert 'period = "quarter" # day, week, month, quarter or year; the shortest that has' in text
    assert read_settings(tmp_path / "study").time.period == "quarter"
