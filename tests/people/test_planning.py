"""Planning: widths are those that come out, and what was drawn is made larger with its chances known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from analysis.people.corrected import corrected
from analysis.people.planning import class_names, learned, learning, plan, said
from analysis.people.sampling import POOLED, sample_bytes, sampled
from analysis.sentiment.codes import Codes, class_of_people, read_codes
from analysis.settings import CLASSES, StudyError


def test_the_width_at_as_many_codes_as_there_are_is_the_corrected_means(study):
    codes, comments = study
    rows = plan(codes, comments, CLASSES).set_index("n_codes")
    made = corrected(codes, comments).iloc[0]
    half, alone = (made["high"] - made["low"]) / 2, (made["codes_only_high"] - made["codes_only_low"]) / 2
    n = len(codes.table)
    assert rows.loc[200, "width"] > half > rows.loc[300, "width"], n
    assert rows.loc[200, "codes_only"] > alone > rows.loc[300, "codes_only"]
    assert (rows["width"] < rows["codes_only"]).all() and rows["width"].is_monotonic_decreasing
    assert (rows["tenth"] > rows["width"]).all() and bool(rows["known"].all())
    assert rows[list(CLASSES)].sum(axis=1).to_numpy() == pytest.approx(rows.index.to_numpy(float))


def test_half_the_sample_foretells_the_width_of_the_whole(study):
    codes, comments = study
    few = codes.table.iloc[::2].assign(probability=codes.table["probability"] / 2)
    foretold = plan(Codes(few, codes.coders, codes.problems), comments, CLASSES).set_index("n_codes")
    made = corrected(codes, comments).iloc[0]
    between = np.interp(len(codes.table), foretold.index, foretold["width"])
    assert between == pytest.approx((made["high"] - made["low"]) / 2, rel=0.25)


def test_what_codes_bring_is_seen_on_comments_in_threads_that_taught_nothing(study):
    codes, comments = study
    taught, people = [], class_of_people(codes.table[list(codes.coders)].to_numpy())
    truth = pd.Series(people, codes.table["comment_id"]).reindex(comments["comment_id"]).fillna(0).to_numpy()
    luck = np.random.default_rng(1).random(len(comments))

    def learns(some, of):
        taught.append(set(some.table["comment_id"]))
        return np.where(luck < 0.4 + 0.4 * len(some.table) / len(codes.table), truth, 0.0)[of]

    table = learning(codes, comments, learns)
    n, thread = len(codes.table), comments.set_index("comment_id")["article_id"]
    assert table["n_codes"].tolist() == [n // 4, n // 2, n] and len(taught) == 7
    for parts in (taught[:4], taught[4:6]):
        assert set.union(*parts) == taught[6] and sum(map(len, parts)) == n, "each part once"
        assert sum(thread[[*part]].nunique() for part in parts) == thread[[*taught[6]]].nunique(), "threads are whole"
    all_of_it = np.where(luck < 0.8, truth, 0.0)[
        pd.Index(comments["comment_id"]).get_indexer(codes.table["comment_id"])
    ]
    weight = 1 / codes.table["probability"]
    assert table["f1_macro"].iloc[-1] == pytest.approx(
        f1_score(people, all_of_it, average="macro", sample_weight=weight)
    )
    assert np.isnan(table["gain"].iloc[0]) and (table["low"] < table["f1_macro"]).all()
    assert table["gain"].iloc[1:].to_numpy() == pytest.approx(np.diff(table["f1_macro"]))
    assert "The last doubling raised it by" in learned(table)[1] and "it may bring nothing" in learned(table)[1]
    flat = learning(codes, comments, lambda some, of: np.where(luck < 0.6, truth, 0.0)[of])
    assert flat["gain"].iloc[-1] == flat["gain_high"].iloc[-1] == 0 and "The curve is flat" in learned(flat)[1]

    def refuses(some, of):
        if len(some.table) < n:
            raise StudyError(expected="more", found="few", where="x")
        return truth[of]

    assert learning(codes, comments, refuses)["n_codes"].tolist() == [n]
    assert "Too few codes" in learned(learning(codes, comments, refuses))[0]
    assert learning(Codes(), comments, refuses).empty and learned(table.iloc[:0]) == []


def test_the_plan_says_what_codes_are_to_be_expected_of_each_class_and_label(study):
    codes, comments = study
    table = plan(codes, comments, CLASSES)
    *_, usual, rare = said(table)
    row = table.iloc[2]
    expected = {how: ", ".join(f"{c} {row[c + how]:.0f}" for c in CLASSES) for how in ("", " rare")}
    assert usual == f"Of 300 codes: {expected['']}."
    assert rare == f"Of 300 codes with --rare: {expected[' rare']}."
    two = pd.concat([table.assign(label=name) for name in ("fares", "crowding")], ignore_index=True)
    lines = said(two)
    assert [one for one in lines if one.endswith(":")] == ["fares:", "crowding:"]
    assert lines[1 : len(lines) // 2] == said(table)


def test_without_codes_it_says_so():
    comments = pd.DataFrame({"comment_id": ["a"] * 1000, "article_id": "t", "sentiment": 0.5})
    table = plan(Codes(), comments, {"no": 0.0, "yes": 1.0})
    assert not table["known"].any() and table["width"].equals(table["codes_only"])
    assert table.loc[0, "width"] == pytest.approx(1.96 * 0.5 / 10, rel=0.01)
    assert "Too little is coded" in said(table)[-1]


def test_rare_classes_are_drawn_more_often_and_weights_give_the_corpus_back(tmp_path, study):
    _, comments = study
    rare = comments.assign(sentiment=np.where(np.arange(len(comments)) % 20 == 0, -0.9, 0.9))
    strata = rare[["comment_id"]].assign(stratum=class_names(rare["sentiment"], CLASSES))
    sampled(tmp_path, 100, lambda: strata, 1, even=True)
    drawn = pd.read_csv(tmp_path / "sample.csv")
    assert drawn["stratum"].value_counts().to_dict() == {"negative": 50, "positive": 50}
    assert (1 / drawn["probability"]).sum() == pytest.approx(len(comments), rel=1e-4)


@pytest.mark.parametrize("even", [False, True])
def test_a_sample_that_is_made_larger_keeps_what_was_drawn(tmp_path, even):
    sizes = {"a": 50, "b": 120, "c": 3, "d": 2}
    strata = pd.DataFrame(
        [(f"{s}{i}", s) for s, n in sizes.items() for i in range(n)], columns=["comment_id", "stratum"]
    )
    asked = []
    sampled(tmp_path, 7, lambda: strata, 1, even=even)
    first = pd.read_csv(tmp_path / "sample.csv")
    sampled(tmp_path, 5, lambda: asked.append(1), 1, even=even)
    assert not asked and pd.read_csv(tmp_path / "sample.csv").equals(first), "fewer are no others"
    sampled(tmp_path, 60, lambda: strata, 1, even=even)
    more = pd.read_csv(tmp_path / "sample.csv")
    assert len(more) == 60 and set(first["comment_id"]) <= set(more["comment_id"])
    assert set(more["stratum"]) == set(first["stratum"]) and POOLED in set(more["stratum"])
    assert (1 / more["probability"]).sum() == pytest.approx(175, rel=1e-4)
    (tmp_path / "anna.csv").write_text("comment_id,code\na0,1\n")
    sampled(tmp_path, 80, lambda: strata, 1, even=even)
    assert (tmp_path / "anna.csv").read_text() == "comment_id,code\na0,1\n"
    with pytest.raises(StudyError, match="topics or periods have changed"):
        sampled(
            tmp_path,
            90,
            lambda: strata.assign(stratum=strata["stratum"].map(dict(zip("abcd", "bacd", strict=True)))),
            1,
            even=even,
        )
    assert read_codes(tmp_path, strata["comment_id"].tolist()).coders and sample_bytes(more)
