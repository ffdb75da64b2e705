"""Authors who write in several threads: what their being alike adds to a variance by threads.

Cameron, Gelbach and Miller (2011): by threads, plus by authors, minus by authors within threads; never below the
threads' (MacKinnon et al. 2021). Who is not known, or has deleted the account, is nobody: no one else's author.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Crossed:
    """Comments of authors who are in several threads of a cell."""

    rows: np.ndarray  # which of the comments
    author: np.ndarray  # of these the author in the cell, from 0
    pair: np.ndarray  # and the author in the thread in the cell, from 0
    cell: np.ndarray  # of each author, and
    cell_of_pair: np.ndarray

    @staticmethod
    def of(cell: np.ndarray, thread: np.ndarray, author: np.ndarray | None) -> Crossed | None:
        """None where no author is in several threads; an author is -1 where nobody knows who."""
        if author is None or not (rows := np.flatnonzero(author >= 0)).size:
            return None
        cell, thread, author = (of[rows].astype(np.int64) for of in (cell, thread, author))
        author, _ = pd.factorize(cell * (author.max() + 1) + author)
        pair, pairs = pd.factorize(author * (thread.max() + 1) + thread)
        several = (np.bincount(pairs // (thread.max() + 1)) > 1)[author]
        if not several.any():
            return None
        codes = [pd.factorize(of[several]) for of in (author, pair)]
        cells = [np.zeros(len(found), dtype=np.int64) for _, found in codes]
        for (code, _), of in zip(codes, cells, strict=True):
            of[code] = cell[several]
        return Crossed(rows[several], codes[0][0], codes[1][0], *cells)

    def added(self, influence: np.ndarray, leverage: np.ndarray, n_cells: int) -> np.ndarray:
        """What authors add to each cell's variance, from the influence and the leverage of all comments: 0 or more."""
        sums = []
        for code, cell in ((self.author, self.cell), (self.pair, self.cell_of_pair)):
            of, part = (np.bincount(code, x[self.rows]) for x in (influence, leverage))
            sums.append(np.bincount(cell, (of / kept(part)) ** 2, n_cells))
        return np.maximum(sums[0] - sums[1], 0)

    def held(self, weight: np.ndarray) -> np.ndarray:
        """Of each author the part of what the authors here hold in their cell, by the weight of all comments."""
        of = np.bincount(self.author, weight[self.rows])
        return of / np.bincount(self.cell, of)[self.cell]


def kept(leverage: np.ndarray) -> np.ndarray:
    """What the jackknife divides an influence by."""
    return np.maximum(1 - leverage, 0.01)
