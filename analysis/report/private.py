"""The comments themselves on one offline page for the researcher: of a topic, a point of a curve, a disagreement."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.findings.privacy import PRIVATE
from analysis.findings.shown import plain
from analysis.report.pages import page
from analysis.sentiment.codes import Codes, class_of_people, class_of_score, read_codes
from analysis.settings import STUDY_FOLDER, writing
from analysis.study import Study
from analysis.trends.periods import Calendar
from analysis.trends.wording import name_of, period_name, signed

FOLDER, FILE = "private", "comments.html"
UNSURE = 0.5  # of the fits that agree on a comment's topic: below, most do not
KINDS = ("coders disagree", "people and instrument disagree", "fits disagree on the topic")


def write(study: Study) -> Path:
    """Write private/comments.html into the study folder, which git ignores; give its path."""
    folder = study.settings.folder / FOLDER
    data = json.dumps(_data(study), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    html = page("private.html.j2", title=study.settings.title, mark=PRIVATE, data=data)
    script = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    html = html.replace("sha256-DIGEST", f"sha256-{digest}", 1)
    with writing(folder, **STUDY_FOLDER):
        folder.mkdir(exist_ok=True)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
        (folder / FILE).write_text(html, encoding="utf-8")
    return folder / FILE


def _data(study: Study) -> dict[str, Any]:
    """What the page searches: names once, and a row a comment, in the order of time."""
    c, s, topics = study.comments, study.settings, study.topics.table
    starts = Calendar(s.time.period, s.source.timezone, s.time.week_starts).starts(c["posted_at"])
    periods = [period_name(at, s.time.period) if pd.notna(at) else "undated" for at in starts]
    articles = study.articles.set_index("article_id")
    titles = articles["title"].fillna(articles["source_file"]).map(plain).to_dict()
    codes, kinds = _codes(study, c)
    order = np.lexsort((c["comment_id"], c["posted_at"].astype("int64")))
    days = c["posted_at"].dt.tz_convert(s.source.timezone).dt.strftime("%Y-%m-%d %H:%M").fillna("").tolist()
    scores = [None if np.isnan(score) else round(score, 2) for score in c["sentiment"].astype(float)]
    authors, under = c["author"].fillna("").tolist(), c["article_id"].map(titles).fillna("").tolist()
    columns = (c["topic"].tolist(), periods, days, under, authors, scores, codes, kinds, list(study.texts))
    rows = [*zip(*columns, strict=True)]
    names = {int(topic): name_of(topic, topics) for topic in [*topics["topic"], -1]}
    return {"topics": names, "kinds": KINDS, "measure": study.measure, "rows": [rows[i] for i in order]}


def _codes(study: Study, comments: pd.DataFrame) -> tuple[list[str], list[list[int]]]:
    """Of each comment what people coded, and the kinds of disagreement it is of."""
    codes, kinds = [""] * len(comments), [list[int]() for _ in range(len(comments))]
    own, values = study.settings.codes, tuple(study.settings.codes.classes.values())
    folder, ids = study.settings.folder / "coded", comments["comment_id"].tolist()
    found = Codes() if own.labels else read_codes(folder, ids, own.classes)
    by_coder = found.table[list(found.coders)].to_numpy(float)
    rows = pd.Index(comments["comment_id"]).get_indexer(pd.Index(found.table["comment_id"])).tolist()
    scores = comments["sentiment"].to_numpy(float)[rows]
    differ = class_of_people(by_coder, values) != class_of_score(scores, values)
    for i, given, score, other in zip(rows, by_coder, scores, differ, strict=True):
        said = [(coder, code) for coder, code in zip(found.coders, given, strict=True) if np.isfinite(code)]
        codes[i] = ", ".join(f"{coder} {signed(code, 0)}" for coder, code in said)
        kinds[i] += [0] * (len({code for _, code in said}) > 1) + [1] * bool(said and np.isfinite(score) and other)
    for i in np.flatnonzero(comments["topic_agreement"].to_numpy(float) < UNSURE).tolist():
        kinds[i].append(2)
    return codes, kinds
