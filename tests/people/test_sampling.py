"""Sampling for coders: chances that are true, sheets that tell nothing, nothing overwritten."""

from __future__ import annotations

import csv

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.people.sampling import LEAST, POOLED, draw, write_sheets
from analysis.sentiment.codes import read_codes
from analysis.settings import StudyError


def corpus(sizes):
    period = [p for p, n in enumerate(sizes) for _ in range(n)]
    return pd.DataFrame({"comment_id": [f"c{i:04d}" for i in range(len(period))], "stratum": [str(p) for p in period]})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=8), st.integers(1, 200))
def test_chances_are_drawn_over_size_and_weights_give_the_corpus_back(sizes, n):
    comments = corpus(sizes)
    drawn = draw(comments, n, 1)
    assert not drawn["comment_id"].duplicated().any()
    counts = drawn.groupby("stratum")["probability"].agg(["size", "first", "nunique"])
    pooled = len(comments) - sum(sizes[int(name)] for name in counts.index if name != POOLED)
    for name, row in counts.iterrows():
        size = pooled if name == POOLED else sizes[int(name)]
        assert row["nunique"] == 1 and row["first"] == pytest.approx(row["size"] / size)
    assert (1 / drawn["probability"]).sum() == pytest.approx(len(comments)), "every comment could be drawn"
    assert len(drawn) == min(n, len(comments)), "as many as were asked for"
    assert n == 1 or n >= len(comments) or counts["size"].min() >= min(LEAST, *sizes)


def test_each_comment_has_the_same_chance():
    comments = corpus([40, 10])
    hits = np.zeros(50)
    for seed in range(100):
        hits[[int(c[1:]) for c in draw(comments, 10, seed)["comment_id"]]] += 1
    assert abs(hits[:40].mean() - 20) < 1e-9 and hits[:40].std() < 8  # 100 draws, chance 0.2


def test_the_same_seed_draws_the_same_whatever_the_order_of_rows():
    comments = corpus([30, 20])
    one, two = draw(comments, 9, 3), draw(comments.iloc[::-1], 9, 3)
    assert one.equals(two) and not one.equals(draw(comments, 9, 4))
    assert one["stratum"].tolist() != sorted(one["stratum"]), "the order of the sheet shows no stratum"


def test_sheets_are_blind_inert_and_read_back_when_filled(tmp_path):
    comments = corpus([30, 20])
    drawn = draw(comments, 10, 1).assign(text="=1+1 said\nsomebody")
    paths = write_sheets(tmp_path / "coded", drawn, ["anna", "brian"])
    assert [p.name for p in paths] == ["anna.csv", "brian.csv"] and (tmp_path / "coded" / "RULES.txt").is_file()
    for path in paths:
        rows = list(csv.DictReader(path.open(encoding="utf-8-sig", newline="")))
        assert list(rows[0]) == ["comment_id", "text", "code"]
        assert all(row["text"] == "'=1+1 said\nsomebody" and row["code"] == "" for row in rows)
        table = pd.read_csv(path, dtype=str).assign(code=["-1", "0", "1", "1", "0"] * 2)
        table.to_csv(path, index=False)
    codes = read_codes(tmp_path / "coded", comments["comment_id"])
    assert len(codes.table) == 10 and codes.coders == ("anna", "brian") and codes.problems.empty
    assert (1 / codes.table["probability"]).sum() == pytest.approx(50)


def test_codes_are_never_overwritten(tmp_path):
    drawn = draw(corpus([9]), 5, 1).assign(text="")
    write_sheets(tmp_path, drawn, ["anna"])
    with pytest.raises(StudyError, match="never overwritten"):
        write_sheets(tmp_path, drawn, ["brian"])


@pytest.mark.parametrize("coders", [[], ["a", "a"], ["../x"], ["sample"], ["a b"]])
def test_names_that_are_no_file_names_are_refused(tmp_path, coders):
    with pytest.raises(StudyError, match="--coders"):
        write_sheets(tmp_path / "coded", draw(corpus([9]), 5, 1).assign(text=""), coders)
    assert not (tmp_path / "coded").exists()


def test_nothing_to_draw_is_said():
    for comments, n in ((corpus([9]), 0), (corpus([9])[:0], 5)):
        with pytest.raises(StudyError, match="--n"):
            draw(comments, n, 1)
