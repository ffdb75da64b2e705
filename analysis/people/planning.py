"""How many codes buy what: the width of the corrected mean, and how many of each class are to be expected."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from analysis.people.agreement import MIN_THREADS
from analysis.people.corrected import coded_of
from analysis.sentiment.codes import Codes, class_of_people, class_of_score

NUMBERS = (100, 200, 300, 500, 800, 1200, 2000)
TENTH = 0.1  # the share of a group, such as a topic, of which a width is given too
LEVEL = 0.95


def class_names(scores: pd.Series, classes: Mapping[str, float]) -> pd.Series:
    """The class of each score, by its name; of none, that of 0."""
    values = list(classes.values())
    at = np.searchsorted(values, class_of_score(scores.to_numpy(float), values))
    return pd.Series(np.array(list(classes), dtype=object)[at], index=scores.index, dtype="str")


def plan(codes: Codes | None, comments: pd.DataFrame, classes: Mapping[str, float]) -> pd.DataFrame:
    """What so many codes would give, from the agreement of the instrument with people so far.

    The variance of the corrected mean is that of drawing comments, which falls as codes grow in number, and that of the
    threads that happened to be written, which stays. Nothing coded yet: as if the instrument told nothing, and people
    gave each class as often (`known` is False).

    Parameters
    ----------
    codes : Codes or None
    comments : DataFrame
        comment_id, article_id, sentiment.
    classes : mapping of str to float

    Returns
    -------
    DataFrame
        n_codes; width, codes_only: half the width of the 95 % interval of the mean, with the scores and without; tenth:
        of the mean of a tenth of the comments, such as a topic; then for each class how many of the codes are expected
        to be of it, and with strata of the scores' classes ("… rare"), NaN if that is not known; known.
    """
    spread = {of: float(np.var(list(classes.values()))) for of in ("width", "codes_only")}
    stays, scale, freedom = dict.fromkeys(spread, 0.0), {"width": 1.0, "codes_only": 1.0}, 1e9
    usual, rare = dict.fromkeys(classes, np.nan), dict.fromkeys(classes, np.nan)
    group = None if codes is None else coded_of(codes, comments)
    known = group is not None and group.n_threads >= MIN_THREADS
    if known:
        freedom = group.n_threads - 1
        for of, weight in (("width", group.best), ("codes_only", 0.0)):
            spread[of] = group.spread(weight)
            stays[of] = max(group.variance(weight) - spread[of] / group.n_effective, 0.0)
            scale[of] = group.n_effective / len(group.y)
        usual, rare = _classes(codes, comments)
    made = []
    for n in (n for n in NUMBERS if n <= max(len(comments), NUMBERS[0])):
        t = float(stdtrit(freedom, (1 + LEVEL) / 2))

        def half(of: str, share: float = 1.0, n: int = n, t: float = t) -> float:
            return t * float(np.sqrt(spread[of] / (n * share * scale[of]) + stays[of] / share))

        row = {"n_codes": n, "width": half("width"), "codes_only": half("codes_only"), "tenth": half("width", TENTH)}
        made.append(row | {c: n * usual[c] for c in classes} | {f"{c} rare": n * rare[c] for c in classes})
    return pd.DataFrame(made).assign(known=known)


def _classes(codes: Codes, comments: pd.DataFrame) -> tuple[dict[str, float], dict[str, float]]:
    """The share of each class among codes: drawn by chance, and as many of each class of the scores."""
    rows = codes.table.merge(comments[["comment_id", "sentiment"]], on="comment_id")
    values = list(codes.classes.values())
    people = class_of_people(rows[list(codes.coders)].to_numpy(), values)
    scored = class_names(rows["sentiment"], codes.classes).to_numpy()
    size = class_names(comments["sentiment"], codes.classes).value_counts(normalize=True)
    even = pd.Series(1 / len(size), index=size.index)
    weight = (1 / rows["probability"]).to_numpy()
    given = np.searchsorted(values, people)
    within = {c: np.bincount(given[scored == c], weight[scored == c], len(values)) for c in size.index}
    share = {c: w / w.sum() if w.sum() else np.full(len(values), np.nan) for c, w in within.items()}
    return tuple(
        dict(zip(codes.classes, np.nansum([of[c] * share[c] for c in size.index], axis=0).tolist(), strict=True))
        for of in (size, even)
    )


def said(table: pd.DataFrame) -> list[str]:
    """The plan in lines, for a terminal."""
    classes = [name.removesuffix(" rare") for name in table if name.endswith(" rare")]
    head = f"{'codes':>6}  {'mean ±':>7}  {'codes alone ±':>13}  {'a tenth of the comments ±':>25}"
    lines = [f"{r.n_codes:6,}  {r.width:7.2f}  {r.codes_only:13.2f}  {r.tenth:25.2f}" for r in table.itertuples()]
    if not table["known"].all():
        note = "Too little is coded yet: as if scores told nothing, and classes were equal. Code some 50 first."
        return [head, *lines, note]
    row = table.iloc[min(2, len(table) - 1)]
    ways = {"": "", " with --rare": " rare"}
    expected = {how: ", ".join(f"{c} {row[c + end]:.0f}" for c in classes) for how, end in ways.items()}
    return [head, *lines, *(f"Of {row['n_codes']:.0f} codes{how}: {text}." for how, text in expected.items())]
