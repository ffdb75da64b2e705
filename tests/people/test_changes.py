"""Changes held against people's codes: exact where all is coded, and no claim of an instrument that drifts."""

import numpy as np
import pandas as pd
import pytest

from analysis.people.changes import FIGURES, corrected_changes
from analysis.sentiment.codes import Codes

AT = pd.Timestamp("2022-01-01", tz="UTC")


def corpus(n_threads: int = 60, drift: float = 0.0) -> tuple[pd.DataFrame, np.ndarray]:
    """Threads of ten over two years; people code the same all the time, the scores are too kind by `drift` from 2022 on."""
    rng = np.random.default_rng(3)
    thread = np.repeat(np.arange(n_threads), 10)
    code = rng.integers(-1, 2, len(thread)).astype(float)
    late = thread >= n_threads // 2
    at = AT + pd.to_timedelta(rng.integers(1, 364, len(thread)) - 365 * ~late, unit="D")
    score = np.clip(0.3 * code + drift * late + rng.normal(0, 0.1, len(thread)), -1, 1)
    ids = [f"c{i:04d}" for i in range(len(thread))]
    frame = pd.DataFrame({"comment_id": ids, "article_id": thread.astype(str), "posted_at": at, "sentiment": score})
    return frame.assign(topic=thread % 2), code


def coded(comments: pd.DataFrame, code: np.ndarray, which: np.ndarray) -> Codes:
    table = pd.DataFrame({"comment_id": comments["comment_id"], "stratum": "s", "probability": which.mean()})
    return Codes(table.assign(code=code, n_coders=1, anna=code)[which], ("anna",), pd.DataFrame())


def claim(change: str, topic: int | None = None) -> pd.DataFrame:
    at = AT if change != "slope" else pd.NaT
    row = {"change": change, "event": None, "at": at, "topic": topic, "since": pd.NaT, "until": pd.NaT}
    when = {name: pd.to_datetime([row[name]], utc=True) for name in ("at", "since", "until")}
    return pd.DataFrame([row]).assign(**when).astype({"topic": "Int64"})


@pytest.mark.parametrize("change", ["event", "break", "slope"])
def test_where_all_is_coded_the_change_is_that_of_the_codes(change):
    comments, code = corpus()
    row = corrected_changes(coded(comments, code, np.ones(len(code), bool)), comments, claim(change, 1)).iloc[0]
    of = (comments["topic"] == 1).to_numpy()
    when = comments.loc[of, "posted_at"]
    x = (when >= AT) if change != "slope" else (when - when.min()) / pd.Timedelta(days=365.25)
    assert row["estimate"] == row["codes_only"] == pytest.approx(np.polyfit(x.to_numpy(float), code[of], 1)[0])
    assert row["scores"] == pytest.approx(np.polyfit(x.to_numpy(float), comments.loc[of, "sentiment"], 1)[0])
    assert row["drift"] == pytest.approx(row["scores"] - row["codes_only"])
    assert row["low"] < row["estimate"] < row["high"] and row["n_coded"] == of.sum()


def test_an_instrument_that_drifts_is_corrected():
    comments, code = corpus(drift=0.4)
    which = np.random.default_rng(1).random(len(code)) < 0.5
    row = corrected_changes(coded(comments, code, which), comments, claim("event")).iloc[0]
    assert row["scores"] > 0.3 and row["drift_low"] > 0.2  # what the scores alone claim, and why
    assert row["low"] < 0 < row["high"] and row["p_value"] > 0.05
    shuffled = comments.sample(frac=1, random_state=1)
    again = corrected_changes(coded(comments, code, which), shuffled, claim("event")).iloc[0]
    assert again[FIGURES].tolist() == row[FIGURES].tolist()  # whatever the order of rows


def test_too_few_codes_give_no_interval_and_no_codes_no_row():
    comments, code = corpus()
    early = (comments["posted_at"] < AT).to_numpy()
    few = early | (comments["article_id"].isin(["30", "31", "32", "33"])).to_numpy()  # four threads of the later side
    row = corrected_changes(coded(comments, code, few), comments, claim("event")).iloc[0]
    assert row[["estimate", "low", "drift", "p_value"]].isna().all() and np.isfinite(row["scores"])
    assert len(corrected_changes(Codes(), comments, claim("event"))) == 0
