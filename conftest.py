"""Every test, the notebooks among them, runs without a progress display: what is stored is results alone."""

import os

os.environ["THREADLINE_PROGRESS"] = "off"
os.environ.pop("THREADLINE_STUDY", None)

from collections.abc import Iterator  # noqa: E402

import hypothesis  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import pytest  # noqa: E402

from tests.browser import Browser, started  # noqa: E402

hypothesis.settings.register_profile("threadline", deadline=None)  # a machine with other work is no failure
hypothesis.settings.load_profile("threadline")


@pytest.fixture
def study() -> tuple:
    """240 coded comments of 1,200, in 60 threads: two coders who err, an instrument that is too kind."""
    from analysis.sentiment.codes import Codes

    rng = np.random.default_rng(7)
    n = 1200
    ids = np.array([f"c{i:04d}" for i in range(n)])
    people = rng.integers(-1, 2, n)
    score = np.clip(0.4 * people + 0.3 + rng.normal(0, 0.3, n), -1, 1)
    comments = pd.DataFrame(
        {
            "comment_id": ids,
            "article_id": [f"a{i % 60}" for i in range(n)],
            "sentiment": score,
            "topic": np.arange(n) % 3,
        }
    )
    chance = np.where(np.arange(n) % 3 == 0, 0.4, 0.1)
    chosen = np.flatnonzero(rng.random(n) < chance)
    by_coder = {c: np.where(rng.random(n) < 0.8, people, rng.integers(-1, 2, n))[chosen] for c in ("anna", "brian")}
    table = pd.DataFrame({"comment_id": ids[chosen], "stratum": "s", "probability": chance[chosen]})
    table = table.assign(code=np.mean([*by_coder.values()], axis=0), n_coders=2, **by_coder)
    table = table.astype({"anna": float, "brian": float})
    return Codes(table, ("anna", "brian"), pd.DataFrame(columns=["file", "line", "problem"])), comments


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real browser for the tests of a module; they are skipped where there is none."""
    with started() as running:
        yield running


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the cells of a notebook in their order, in whatever order tests are (pytest-xdist: with --dist loadfile)."""
    cells = sorted((item for item in items if hasattr(item, "cell_num")), key=lambda item: (item.path, item.cell_num))
    items[:] = [item for item in items if not hasattr(item, "cell_num")] + cells
