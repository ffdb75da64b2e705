"""How many codes buy what: the width of the corrected mean, codes of each class, how well an instrument learns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from analysis.people.agreement import LEVEL, MIN_THREADS, by_draws, joined, metrics, taken
from analysis.people.corrected import coded_of
from analysis.sentiment.codes import Codes, class_of_score
from analysis.settings import StudyError

NUMBERS = (100, 200, 300, 500, 800, 1200, 2000)
TENTH = 0.1  # the share of a group, such as a topic, of which a width is given too
PARTS, DRAWS = (4, 2, 1), 1000  # into how many the codes are parted; draws of threads for an interval
LEARNED = ["n_codes", "f1_macro", "low", "high", "gain", "gain_low", "gain_high"]


def class_names(scores: pd.Series, classes: Mapping[str, float]) -> pd.Series:
    """The class of each score, by its name; of none, that of 0."""
    values = list(classes.values())
    at = np.searchsorted(values, class_of_score(scores.to_numpy(float), values))
    return pd.Series(np.array(list(classes), dtype=object)[at], index=scores.index, dtype="str")


def plan(codes: Codes, comments: pd.DataFrame, classes: Mapping[str, float]) -> pd.DataFrame:
    """What so many codes would give, from the agreement of the instrument with people so far.

    The variance of the corrected mean is that of drawing comments, which falls as codes grow in number, and that of the
    threads that happened to be written, which stays. Nothing coded yet: as if the instrument told nothing, and people
    gave each class as often (`known` is False).

    `comments` have comment_id, article_id, sentiment. width and codes_only are half the width of the 95 % interval of
    the mean, with the scores and without, tenth that of a tenth of the comments, such as a topic; then for each class
    how many of the codes are expected to be of it, and with strata of the scores' classes ("… rare").
    """
    spread = {of: float(np.var(list(classes.values()))) for of in ("width", "codes_only")}
    stays, scale, freedom = dict.fromkeys(spread, 0.0), dict.fromkeys(spread, 1.0), 1e9
    usual = rare = pd.Series(np.nan, index=list(classes))
    group, known = coded_of(codes, comments), False
    if group is not None and group.people.n_threads >= MIN_THREADS:
        known = True
        freedom = group.people.n_threads - 1
        for of, weight in (("width", group.best), ("codes_only", 0.0)):
            spread[of] = group.spread(weight)
            stays[of] = max(group.at(weight).variance - spread[of] / group.n_effective, 0.0)
            scale[of] = group.n_effective / len(group.y)
        usual, rare = _classes(codes, comments)
    n, t = np.array([n for n in NUMBERS if n <= max(len(comments), NUMBERS[0])]), stdtrit(freedom, (1 + LEVEL) / 2)

    def half(of: str, share: float = 1.0) -> np.ndarray:
        return t * np.sqrt(spread[of] / (n * share * scale[of]) + stays[of] / share)

    made = {"n_codes": n, "width": half("width"), "codes_only": half("codes_only"), "tenth": half("width", TENTH)}
    made |= {c: n * usual[c] for c in classes} | {f"{c} rare": n * rare[c] for c in classes}
    return pd.DataFrame(made).assign(known=known)


def _classes(codes: Codes, comments: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """The share of each class among codes: drawn by chance, and as many of each class of the scores."""
    rows = joined(codes, comments)
    people = rows["people"].map({value: name for name, value in codes.classes.items()})
    size = class_names(comments["sentiment"], codes.classes).value_counts(normalize=True)
    scored, weight = class_names(rows["sentiment"], codes.classes), rows["weight"]
    given = pd.crosstab(scored, people, weight, aggfunc="sum").reindex(index=size.index, columns=list(codes.classes))
    share = given.fillna(0).div(given.sum(axis=1), axis=0)
    return share.mul(size, axis=0).sum(), share.sum() / len(size)


def learning(codes: Codes, comments: pd.DataFrame, scores: Callable[[Codes, np.ndarray], np.ndarray]) -> pd.DataFrame:
    """How well an instrument agrees with people that learned from a quarter of the codes, from half, and from all.

    The codes are parted by threads; each part teaches, and all coded comments are scored, none by what has seen it or
    its thread. `scores` gives the scores, of rows of `comments`, by an instrument that learned from some codes.
    f1_macro is the mean over the parts, gain that over the row before; intervals are by draws of threads, the same ones
    in each row. No row where a part is too small to learn from.
    """
    rows = joined(codes, comments.assign(sentiment=0.0))
    made, before = [], None
    if len(rows):
        n, at = int(rows["thread"].max()) + 1, pd.Index(comments["comment_id"]).get_indexer(rows["comment_id"])
        rng, values = np.random.default_rng(1), list(codes.classes.values())
        times = taken(rng, n, DRAWS)
        order = rng.permutation(n)
        for parts in PARTS:
            found = []
            for mine in (rows["thread"].isin(order[i::parts]) for i in range(parts)):
                some = codes.table[codes.table["comment_id"].isin(rows.loc[mine, "comment_id"])]
                try:
                    given = rows.assign(sentiment=scores(replace(codes, table=some), at))
                except StudyError:  # too few of a class
                    break
                given = given.assign(machine=class_of_score(given["sentiment"].to_numpy(), values))
                found.append(metrics(given.dropna(subset="sentiment"), times, values)["f1_macro"])
            if len(found) == parts:
                f1 = np.mean(found, axis=0)
                gain, before = f1 - (np.nan if before is None else before), f1
                made.append((len(rows) // parts, *by_draws(f1), *by_draws(gain)))
    return pd.DataFrame(made, columns=LEARNED).astype({"n_codes": "int64"})


def learned(table: pd.DataFrame) -> list[str]:
    """What `learning` says, in sentences; nothing of an instrument that is not used."""
    if len(table) < 2:
        return ["Too few codes to say what the instrument “coded” gains by more of them."] if len(table) else []

    at = [f"{r.f1_macro:.2f} ({r.low:.2f} to {r.high:.2f}) with {r.n_codes:,}" for r in table.itertuples()]
    last = table.iloc[-1]
    found = f"by {last['gain']:.2f} ({last['gain_low']:.2f} to {last['gain_high']:.2f})".replace("-", "\u2212")
    rose = f"The last doubling raised it {found}; as a rule the next brings less, and it may bring nothing."
    flat = f"The curve is flat as far as can be told: the last doubling changed it {found}."
    so_far = f"On comments that it has not seen, “coded” agrees with people at macro F1 {', '.join(at)} codes."
    return [so_far, rose if last["gain_low"] > 0 else flat]


def said(table: pd.DataFrame) -> list[str]:
    """The plan in lines, for a terminal; of labels each by itself."""
    if "label" in table:
        parts = table.groupby("label", sort=False)
        return [line for label, of in parts for line in (f"{label}:", *said(of.drop(columns="label")))]
    classes = [name.removesuffix(" rare") for name in map(str, table) if name.endswith(" rare")]
    head = f"{'codes':>6}  {'mean ±':>7}  {'codes alone ±':>13}  {'a tenth of the comments ±':>25}"
    lines = [f"{r.n_codes:6,}  {r.width:7.2f}  {r.codes_only:13.2f}  {r.tenth:25.2f}" for r in table.itertuples()]
    if not table["known"].all():
        note = "Too little is coded yet: as if scores told nothing, and classes were equal. Code some 50 first."
        return [head, *lines, note]
    row = table.iloc[min(2, len(table) - 1)]
    ways = {"": "", " with --rare": " rare"}
    expected = {how: ", ".join(f"{c} {row[c + end]:.0f}" for c in classes) for how, end in ways.items()}
    return [head, *lines, *(f"Of {row['n_codes']:.0f} codes{how}: {text}." for how, text in expected.items())]
