"""The two invented coders of the sample, and the stratified random sample that both coded."""

from __future__ import annotations

import csv
import io

from writing import Draw

N_CODED = 300
# How often each coder slips on a plain comment; set so that alpha (ordinal) between the two is near 0.8.
SLIPS = {"anna": 0.062, "brian": 0.085}
P_LITERAL = 0.3  # irony taken at its word, by each coder on his own


def csv_text(rows: list[dict], columns: str) -> str:
    """A table as CSV, with unix line ends."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns.split(), extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def code(row: dict, draw: Draw, strict: float) -> int:
    """What one coder makes of one comment: the truth, slips to the next code, irony taken at its word."""
    tone = row["tone"]
    if row["device"] == "irony" and draw.chance(P_LITERAL):
        return 1
    if draw.chance(strict * (2.2 if row["device"] in ("mixed", "understated") else 1)):
        return draw.pick((-1, 1)) if tone == 0 else 0 if draw.chance(0.9) else -tone
    return tone


def coded(truth: list[dict]) -> dict[str, str]:
    """The coders' sample, stratified by quarter with the same number in each, and their two files."""
    strata: dict[str, list[dict]] = {}
    for row in truth:
        strata.setdefault(f"{row['date'][:4]}Q{(int(row['date'][5:7]) + 2) // 3}", []).append(row)
    sample = []
    for n, (stratum, rows) in enumerate(sorted(strata.items())):
        take = N_CODED // len(strata) + (n < N_CODED % len(strata))
        chosen = Draw("coded", stratum).shuffled(rows)[:take]
        sample += [r | {"stratum": stratum, "probability": f"{take / len(rows):.6f}"} for r in chosen]
    sample.sort(key=lambda r: r["comment_id"])
    files = {"coded/sample.csv": csv_text(sample, "comment_id stratum probability")}
    for name, strict in SLIPS.items():
        for row in sample:
            row["code"] = code(row, Draw(name, row["comment_id"]), strict)
        files[f"coded/{name}.csv"] = csv_text(sample, "comment_id text code")
    return files
