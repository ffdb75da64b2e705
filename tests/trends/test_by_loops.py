"""Intervals held against the same formulas written out: a cell, a thread, an author at a time, in loops and whole matrices."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from corpora import corpus
from scipy import stats

from analysis.trends import by_period, slopes
from analysis.trends.errors import Design, cosines
from analysis.trends.intervals import Method, compared, means, ratio, shares
from analysis.trends.periods import Calendar
from analysis.trends.units import arrange

METHOD = Method(level=0.9)
# Of each cell the sizes of its threads: many, just enough, too few, one, all of one opinion, none.
CELLS = ([5, 3, 1, 8, 2, 2, 6, 4], [2, 2, 5, 1, 3], [3, 1, 2, 4], [3], [4, 1, 2, 2, 6, 1, 1], [])


def t(df):
    return stats.t.ppf(0.95, df)


def of_shares(h):
    """Bell and McCaffrey's degrees of freedom by the eigenvalues of the quadratic form, of threads with these shares."""
    h = np.array(h)
    if len(h) < 2:
        return 1.0
    form = (np.eye(len(h)) - np.outer(h, np.ones(len(h)))) / np.sqrt(1 - h)[:, None]
    form = form @ np.diag(h) @ form.T
    return max(np.trace(form) ** 2 / np.trace(form @ form), 1)


def wide(leverage):
    return max(1 - leverage, 0.01)


def by_authors(influence, leverage, thread, author):
    """What authors of several threads add to a variance, and the degrees of freedom that they have."""
    several = [a for a in set(author.tolist()) - {-1} if len(set(thread[author == a].tolist())) > 1]
    added = 0.0
    for a in several:
        mine = author == a
        added += (influence[mine].sum() / wide(leverage[mine].sum())) ** 2
        for of in set(thread[mine].tolist()):
            pair = mine & (thread == of)
            added -= (influence[pair].sum() / wide(leverage[pair].sum())) ** 2
    return max(added, 0.0), several


def freedom_of_both(threads, authors, part):
    return 1 / ((1 - part) ** 2 / threads + part**2 / authors)


@pytest.fixture
def cells(rng):
    cell = np.repeat(np.arange(6), [sum(sizes) for sizes in CELLS])
    thread = np.concatenate([np.repeat(np.arange(len(s)) + 10 * c, s) for c, s in enumerate(CELLS)]).astype(int)
    y = rng.uniform(-0.4, 0.4, 60)[thread] + rng.uniform(-0.5, 0.5, len(cell))
    author = rng.integers(-1, 9, len(cell))
    y = y / 2 + 0.2 * (author % 3 - 1)  # authors differ
    author[cell == 1] = thread[cell == 1]  # there everybody keeps to a thread
    y[cell == 4] = 0.25
    return cell, thread, y, author


def mean_by_loops(cells, c, author):
    """A row of `means`, of a cell that is not empty."""
    every, thread, y = cells[:3]
    several = [k for k in range(6) if len(CELLS[k]) > 1]
    within = [((y[every == k] - y[every == k].mean()) ** 2).sum() if CELLS[k] else 0 for k in range(6)]
    pooled = sum(within[k] for k in several) / sum(sum(CELLS[k]) - 1 for k in several)

    def robust(k):
        of, mine = y - y[every == k].mean(), every == k
        n = mine.sum()
        return sum(
            of[mine & (thread == j)].sum() ** 2 / (1 - (mine & (thread == j)).sum() / n) for j in set(thread[mine])
        )

    over = sum(robust(k) - sum(CELLS[k]) * pooled for k in several)
    scale = sum(pooled * (sum(s * s for s in CELLS[k]) - sum(CELLS[k])) for k in several)
    icc = min(max(over / scale, 0), 1)
    mine, n = every == c, sum(CELLS[c])
    mean, n2 = y[mine].mean(), sum(s * s for s in CELLS[c])
    alike = pooled * (n + (n2 - n) * icc)
    own = robust(c) if len(CELLS[c]) > 1 else 0
    variance, df = (own if own > 1e-9 else alike) / n**2, of_shares([s / n for s in CELLS[c]])
    wider = 1.0
    if author is not None:
        influence = (y - mean) / n
        added, crossing = by_authors(influence[mine], np.full(n, 1 / n), thread[mine], author[mine])
        wider = 1 + added / variance
        if added:
            held = np.array([(author[mine] == a).sum() for a in crossing])
            df = freedom_of_both(df, of_shares(held / held.sum()), added / (variance + added))
    half, spread = t(df) * np.sqrt(variance * wider), within[c] / max(n - 1, 1)
    naive = t(n - 1) * np.sqrt(spread / n) if n > 1 else np.nan
    return {
        "estimate": mean,
        "low": max(mean - half, -0.7),
        "high": min(mean + half, 0.7),
        "n_eff": (spread if within[c] > 1e-9 else pooled) / (variance * wider),
        "author_ratio": np.sqrt(wider),
        "naive_low": max(mean - naive, -0.7),
        "naive_high": min(mean + naive, 0.7),
        "expected": alike * wider / n**2,
    }


@pytest.mark.parametrize("known", [False, True], ids=["threads", "threads and authors"])
def test_every_figure_of_a_mean(cells, known):
    author = cells[3] if known else None
    table = means(*cells[:3], 6, METHOD, (-0.7, 0.7), author)
    assert table["interval"].tolist() == ["threads", "threads", "too few", "too few", "threads", "empty"]
    assert table.drop(columns="interval").iloc[5].isna().all()
    assert (table["author_ratio"][0] > 1.1) == known
    for c in range(5):
        expected = mean_by_loops(cells, c, author)
        if table["interval"][c] == "too few":
            assert table.loc[c, ["low", "high", "n_eff", "author_ratio"]].isna().all()
            expected = {
                name: of for name, of in expected.items() if name not in ("low", "high", "n_eff", "author_ratio")
            }
        assert table.loc[c, list(expected)].tolist() == pytest.approx(list(expected.values())), c


@pytest.mark.parametrize("known", [False, True], ids=["threads", "threads and authors"])
def test_every_figure_of_a_share(cells, rng, known):
    cell, thread, _, author = cells
    option = np.where(rng.random(len(cell)) < 0.6, thread % 3, rng.integers(-1, 3, len(cell)))
    option = np.where(author % 4 == 0, 1, option)
    option[option == 2] = np.where(rng.random((option == 2).sum()) < 0.8, -1, 2)  # a rare one
    table = shares(cell, thread, option, 6, 3, METHOD, author if known else None)
    several, over, scale, added, robust = [k for k in range(6) if len(CELLS[k]) > 1], *np.zeros((4, 3))
    for k in several:
        mine, n, n2 = cell == k, sum(CELLS[k]), sum(s * s for s in CELLS[k])
        for o in range(3):
            off = (option == o) - (option[mine] == o).mean()
            own = sum(off[thread == j].sum() ** 2 / (1 - (thread == j).sum() / n) for j in set(thread[mine]))
            pq = (option[mine] == o).mean() * (1 - (option[mine] == o).mean())
            over[o], scale[o], robust[o] = over[o] + own - n * pq, scale[o] + pq * (n2 - n), robust[o] + own
            added[o] += by_authors(off[mine], np.full(n, 1 / n), thread[mine], author[mine])[0]
    icc = np.clip(np.maximum(over / scale, over.sum() / scale.sum()), 0, 1)
    more = np.maximum(added / robust, added.sum() / robust.sum()) if known else np.zeros(3)
    assert (more.min() > 0.01) == known
    assert len({*icc}) > 1  # not all of them are the pooled one
    for c in range(5):
        mine, n, n2 = cell == c, sum(CELLS[c]), sum(s * s for s in CELLS[c])
        q = t(of_shares([s / n for s in CELLS[c]]))
        for o in range(3):
            row, p = table.iloc[3 * c + o], (option[mine] == o).mean()
            assert row["estimate"] == pytest.approx(p)
            if row["interval"] != "threads":
                assert row["interval"] == "too few" and row[["low", "high", "n_eff"]].isna().all()
                continue
            n_eff = n / (1 + (n2 / n - 1) * icc[o]) / (1 + more[o])
            low, high = np.roots([1 + q**2 / n_eff, -2 * p - q**2 / n_eff, p**2])[::-1]  # Wilson's, as it is derived
            expected = n_eff, max(min(low, p), 0), min(max(high, p), 1)
            assert row[["n_eff", "low", "high"]].tolist() == pytest.approx(expected, abs=1e-12), (c, o)
    assert table["interval"].tolist()[::3] == ["threads", "threads", "too few", "too few", "threads", "empty"]


def test_the_cosines():
    n = np.array([2.0, 0, 3, 1, 4, 1])
    phi = cosines(n, 2)
    middle = [1 / 11, 2 / 11, 3.5 / 11, 5.5 / 11, 8 / 11, 10.5 / 11]
    # Of five days with comments, less two columns and one
    assert phi.shape == (2, 6)
    for k in (1, 2):
        assert phi[k - 1] == pytest.approx([np.sqrt(2) * np.cos(np.pi * k * at) for at in middle])
    assert len(cosines(np.ones(400), 2)) == 14 and len(cosines(np.ones(2), 2)) == 0


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("news", [0.0, 0.7], ids=["quiet", "news"])
def test_every_figure_of_a_coefficient(rng, which, news):
    c = corpus(rng, 40)
    years = (c["posted_at"] - c["posted_at"].min()).dt.total_seconds().to_numpy() / 3e7
    habit = c["author"].str[1:].astype(int) % 5 - 2  # authors differ, in what they become too
    c["sentiment"] = c["sentiment"] / 4 + habit * (0.1 + 0.2 * (years - 0.5)) + news * np.sin(9 * years)
    c["sentiment"] = c["sentiment"].clip(-1, 1)
    a = arrange(c, "sentiment", None, Calendar("month", "UTC"), (-1, 1))
    x = np.stack([np.ones(len(c)), years - years.mean()], axis=1)
    found = Design(a, x).coefficient(a.y, which, METHOD)
    inverse = np.linalg.inv(x.T @ x)
    weight, hat = x @ inverse[which], x @ inverse @ x.T
    influence, leverage = weight * (a.y - hat @ a.y), np.diag(hat)
    threads = sorted(set(a.thread.tolist()))
    by_thread = [influence[a.thread == j].sum() / wide(leverage[a.thread == j].sum()) for j in threads]
    held = weight**2 / (weight**2).sum()
    variance, df = float(np.sum(np.square(by_thread))), of_shares([held[a.thread == j].sum() for j in threads])
    added, crossing = by_authors(influence, leverage, a.thread, a.author)
    assert added > 0
    of = np.array([held[a.author == one].sum() for one in crossing])
    df = freedom_of_both(df, of_shares(of / of.sum()), added / (variance + added))
    se = np.sqrt(variance + added)
    n = np.bincount(a.day, minlength=a.n_days)
    on = (cosines(n, 2)[:, a.day] * weight) @ (np.eye(len(c)) - hat)  # what the cosines see of the residuals
    expected = on @ on.T
    of_time = (on @ (a.y - hat @ a.y)) ** 2
    serial = np.sqrt(of_time.sum() * (weight**2).sum() / np.trace(expected))
    assert (serial > se) == bool(news)
    if news:
        larger, of_larger = serial, max(np.trace(expected) ** 2 / (expected**2).sum(), 1)
    else:
        larger, of_larger = se, df
    value = float(weight @ a.y)
    assert (found["se"], found["df"], found["serial_ratio"]) == pytest.approx((se, df, serial / se))
    assert found["author_ratio"] == pytest.approx(np.sqrt(1 + added / variance))
    assert found["p_value"] == pytest.approx(2 * stats.t.sf(abs(value) / larger, of_larger))
    assert found["estimate"] == pytest.approx(value)
    ends = value - t(of_larger) * larger, value + t(of_larger) * larger
    assert (found["low"], found["high"]) == pytest.approx(ends)


def test_a_figure_of_two_spans_has_welchs_freedom(rng):
    n = rng.integers(1, 7, (2, 9)) * (np.arange(9) != [[2], [7]]).astype(float)
    y = rng.normal(0, 0.3, (2, 9)) * n
    figure = ratio(y[1], n[1]) - ratio(y[0], n[0])
    row = compared(figure, [*n], (-0.2, 0.2), METHOD)
    h = n / n.sum(axis=1)[:, None]
    part = 1 / n.sum(axis=1)
    df = part.sum() ** 2 / sum(part[i] ** 2 / of_shares(h[i][h[i] > 0]) for i in (0, 1))
    se = np.sqrt(sum((figure.influence[j] / wide(h[:, j].max())) ** 2 for j in range(9)))
    assert row["p_value"] == pytest.approx(2 * stats.t.sf(abs(figure.value) / se, df))
    ends = max(figure.value - t(df) * se, -0.2), min(figure.value + t(df) * se, 0.2)
    assert (row["low"], row["high"]) == pytest.approx(ends)
    few = np.where(np.arange(9) < 4, n[0], 0)
    assert compared(figure, [few, n[1]], (-1, 1), METHOD)["interval"] == "too few"
    assert compared(figure, [0 * few, n[1]], (-1, 1), METHOD)["interval"] == "empty"


def test_a_fitted_line_leaves_out_each_thread(rng):
    thread = np.repeat(np.arange(8), rng.integers(2, 6, 8))
    x, y = rng.normal(size=(2, len(thread)))
    slope, square = (x * y).sum() / (x * x).sum(), np.bincount(thread, x * x)
    row = compared(ratio(np.bincount(thread, x * y), square), [square], (-9, 9), METHOD)
    h = square / square.sum()
    of = [(x * (y - slope * x))[thread == j].sum() / square.sum() / wide(h[j]) for j in range(8)]
    half = t(of_shares(h)) * np.sqrt(np.sum(np.square(of)))
    assert (row["estimate"], row["low"], row["high"]) == pytest.approx((slope, slope - half, slope + half))


def test_too_little_for_an_error_is_said(rng):
    c = corpus(rng, 12)
    alone = slopes(c.assign(sentiment=0.2)).iloc[0]
    assert (alone["interval"], alone["estimate"]) == ("no spread", pytest.approx(0, abs=1e-12))
    days = corpus(rng, 30).assign(posted_at=pd.Timestamp("2020-01-31T12:00", tz="UTC").as_unit("us"))
    days.loc[days.index % 2 == 0, "posted_at"] += pd.Timedelta(days=1)
    row = slopes(days).iloc[0]  # two days: nothing is known of time
    assert row["interval"] == "threads" and np.isnan(row["serial_ratio"])
    days["sentiment"] = 0.0
    assert by_period(days)["interval"].tolist() == ["threads", "threads"]
