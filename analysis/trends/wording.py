"""Numbers, periods and topics in words: the same in figures, in tables for people and in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from numbers import Integral

import numpy as np
import pandas as pd
from pandas.api.typing import NAType

MINUS = "\u2212"
OVERALL = "all comments"
MAX_Q = 0.05  # false discovery rate (Benjamini-Hochberg) above which nothing is called a change
MIN_ACCURACY = 0.5  # of an instrument: below, it is wrong more often than right
MIN_ALPHA = 0.667  # Krippendorff (2004): below, codes do not support even tentative conclusions
UNSTABLE = 0.6  # Hennig (2007): a cluster with a mean Jaccard below 0.6 is not to be trusted
UNSTABLE_MARK = " (unstable)"
GROUPS = {"language": "language ", "period_start": "from "}  # what comes before a group's name
Topic = float | str | NAType | None  # a number, a name, or no topic in particular
PERIOD_DAYS = {"day": 2, "week": 8, "month": 32, "quarter": 93}  # no period of the name is longer, nor with its clocks


def signed(value: float, digits: int = 2) -> str:
    """A sentiment as text: sign always, a true minus, no negative zero."""
    text = f"{value:+.{digits}f}"
    return f"{0:.{digits}f}" if float(text) == 0 else text.replace("-", MINUS)


def fixed(value: float) -> str:
    """Any other number as text, to two decimals."""
    return f"{value:.2f}".replace("-", MINUS)


def percent(value: float) -> str:
    """A share as text: whole per cent, with one decimal below 10."""
    if value == 0:
        return "0 %"
    if 0 < value < 0.0005:
        return "under 0.1 %"
    return (f"{100 * value:.1f} %" if abs(100 * value) < 9.95 else f"{100 * value:.0f} %").replace("-", MINUS)


def points(value: float) -> str:
    """A difference of shares as text, in percentage points."""
    return signed(100 * value, 1)


def q_text(value: float) -> str:
    """A q-value as text: "q < .001", "q = .023"."""
    return "q < .001" if value < 0.001 else f"q = {value:.3f}".replace("0.", ".", 1)


def with_interval(row: pd.Series, show: Callable[[float], str] = signed) -> str:
    """The estimate of a row with its interval."""
    estimate, low, high = (row[name] for name in ("estimate", "low", "high"))
    ends = f"{show(low)} to {show(high)}" if np.isfinite(low) else "too few threads for an interval"
    return f"{show(estimate)} ({ends})" if np.isfinite(estimate) else "unknown"


def listed(names: Iterable[str], table: pd.DataFrame, show: Callable[[float], str] = signed) -> str:
    """The estimates of a table, each with its name and its interval."""
    rows = zip(names, table.iterrows(), strict=True)
    return "; ".join(f"{name} {with_interval(row, show)}" for name, (_, row) in rows)


def local(times: pd.Series) -> pd.Series:
    """Times as clocks of their zone show them, without the zone; also of a table that was read from its csv file."""
    if isinstance(times.dtype, pd.DatetimeTZDtype):
        return times.dt.tz_localize(None)
    return pd.to_datetime(times.astype("str").str.slice(0, 19))


def period_of(table: pd.DataFrame) -> str:
    """The period by which a table goes, by how long its periods are: day, week, month, quarter or year."""
    days = (local(table["period_end"]) - local(table["period_start"])).max() / pd.Timedelta(days=1)
    return next((period for period, most in PERIOD_DAYS.items() if days < most), "year")


def period_name(start: datetime | np.datetime64 | str, period: str) -> str:
    """What a period is called, by its start: 2023, 2023 Q1, 2023-01, 2023-01-09."""
    at = pd.Timestamp(start)
    if period == "quarter":
        return f"{at:%Y} Q{(at.month + 2) // 3}"
    return f"{at:%Y}" if period == "year" else f"{at:%Y-%m}" if period == "month" else f"{at:%Y-%m-%d}"


def span_of(table: pd.DataFrame) -> str:
    """First and last period of a table."""
    return " to ".join(period_name(table["period_start"].iloc[i], period_of(table)) for i in (0, -1))


def name_of(topic: Topic, topics: pd.DataFrame | None = None) -> str:
    """A topic's label, which says so where it is unstable; "topic 3" without one; a missing topic is all comments."""
    if pd.isna(topic):
        return OVERALL
    if not isinstance(topic, (Integral, float)):
        return str(topic)
    if topic == -1:
        return "unassigned"
    row = pd.DataFrame() if topics is None else topics[topics["topic"] == topic]
    if not len(row):
        return f"topic {int(topic)}"
    return str(row["label"].iloc[0]) + (UNSTABLE_MARK if is_unstable(topic, topics) else "")


def is_unstable(topic: Topic, topics: pd.DataFrame | None) -> bool:
    """Whether a topic is known not to be stable."""
    if topics is None or "stability" not in topics or pd.isna(topic):
        return False
    return bool((topics["topic"].isin([topic]) & (topics["stability"] < UNSTABLE)).any())


def steady(table: pd.DataFrame, topics: pd.DataFrame | None) -> pd.DataFrame:
    """The rows of a table that are of no unstable topic: what may be told in a sentence."""
    return table[~np.array([is_unstable(topic, topics) for topic in table["topic"]], dtype=bool)]


def names_of(table: pd.DataFrame, topics: pd.DataFrame | None = None) -> list[str]:
    """What the topics of a table are called, each looked up once."""
    known = {topic: name_of(topic, topics) for topic in table["topic"].dropna().unique()}
    return [known.get(topic, OVERALL) for topic in table["topic"]]


def named(table: pd.DataFrame, topics: pd.DataFrame | None = None) -> pd.DataFrame:
    """The same table with topics by their names; one by several things, `agreement` or `corrected`, has a `group`."""
    if "by" in table:
        of = table["group"] if "group" in table else [getattr(row, str(row.by), OVERALL) for row in table.itertuples()]
        names = [
            name_of(int(value), topics)
            if by == "topic"
            else f"{GROUPS.get(by, '')}{str(value)[:10] if by == 'period_start' else value}"
            for by, value in zip(table["by"], of, strict=True)
        ]
        table = table.drop(columns=["by", "group", "period_start", "topic"], errors="ignore")
        table.insert(0, "group", pd.Series(names, table.index, dtype="str"))
    elif "label" not in table and "topic" in table:
        table = table.assign(topic=pd.Series(names_of(table, topics), table.index, dtype="str"))
    return table
