"""Files that mean harm end in one line or in rejects, small ones of each kind; and nothing of ours runs what it reads."""

from __future__ import annotations

import ast
import gzip
import json
import unicodedata
import zipfile
from pathlib import Path

import pytest

from analysis.cli import main
from analysis.corpus.exports import bounds, formats
from analysis.corpus.schema import pseudonym
from analysis.corpus.wording import normal

ROOT = Path(__file__).resolve().parent.parent
TEXT = "thread,user,text\nt1,Ann,one\nt1,Bob,two\n"
ENTITIES = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10 if i else "ha" * 50}">' for i in range(9))
LAUGHS = f"<?xml version='1.0'?><!DOCTYPE rows [{ENTITIES}]><rows><row><text>&e8;</text></row></rows>"
OUTSIDE = '<!DOCTYPE rows [<!ENTITY x SYSTEM "file://{}">]><rows><row><text>&x;</text></row></rows>'


def told(tmp_path: Path, file: str, data: str | bytes, capsys: pytest.CaptureFixture) -> tuple[int, str]:
    """Exit code and what was said by the three commands that a stranger's file meets first."""
    path = tmp_path / file
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    code = main(["new", str(tmp_path / "s"), str(path)]) or main(["check", str(tmp_path / "s")])
    out = capsys.readouterr()
    return code, out.out + out.err


@pytest.mark.parametrize(
    ("file", "data"),
    [
        ("laughs.xml", LAUGHS),
        ("deep.json", "[" * 100_000 + "]" * 100_000),
        ("deep.jsonl", '{"text":' * 100_000 + "1" + "}" * 100_000),
        ("deep.xml", "<a>" * 50_000 + "</a>" * 50_000),
        ("nothing.zip", b"PK\x05\x06" + b"\0" * 18),
        ("broken.gz.csv.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\0broken"),
        ("zeros.csv", b"\0" * 100_000),
        ("noise.parquet", b"PAR1" + bytes(range(256)) * 40 + b"PAR1"),
        ("wide.csv", ",".join(f"c{i}" for i in range(20_000)) + "\n" + ",".join(["1"] * 20_000) + "\n"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 30 else "",
)
def test_a_bomb_is_one_line_or_a_reject(tmp_path, capsys, file, data):
    code, said = told(tmp_path, file, data, capsys)
    last = [line for line in said.splitlines() if line.startswith("threadline: ")]
    assert "Traceback" not in said
    assert (code == 2 and len(last) == 1) or (code == 0 and not last), said[-500:]


def test_xml_reads_no_other_file(tmp_path, capsys):
    (tmp_path / "secret.txt").write_text("the secret of the house")
    _, said = told(tmp_path, "outside.xml", OUTSIDE.format(tmp_path / "secret.txt"), capsys)
    assert "the secret" not in said


def test_an_archive_writes_to_no_path_that_it_names(tmp_path, capsys):
    box = tmp_path / "in"
    box.mkdir()
    with zipfile.ZipFile(box / "x.zip", "w") as file:
        for name in ("../../out.csv", "/tmp/threadline-out.csv", "in.csv"):
            file.writestr(name, TEXT)
    before = {p for p in tmp_path.rglob("*") if p.is_file()}
    code = main(["new", str(box / "s"), str(box / "x.zip")]) or main(["check", str(box / "s")])
    new = {p.relative_to(box).parts[0] for p in {p for p in tmp_path.rglob("*") if p.is_file()} - before}
    assert code in (0, 2) and new <= {"s"} and not Path("/tmp/threadline-out.csv").exists()


def test_a_bomb_in_settings_is_one_line(tmp_path, capsys):
    (tmp_path / "c.csv").write_text(TEXT)
    (tmp_path / "study.toml").write_text("x = " + "[" * 5_000 + "]" * 5_000)
    assert main(["check", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


FORBIDDEN = {"pickle", "cPickle", "marshal", "shelve", "dill", "yaml", "subprocess"}


def test_nothing_of_ours_runs_what_it_reads():
    found = []
    for path in sorted((ROOT / "analysis").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names} if isinstance(node, ast.Import) else {node.module or ""}
                found += [f"{path.name}: {name}" for name in names if name.split(".")[0] in FORBIDDEN]
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if called in ("eval", "exec", "compile", "os.system", "os.popen", "Markup", "joblib.load"):
                    found.append(f"{path.name}: {called}")
                if called == "np.load" and "allow_pickle=False" not in ast.unparse(node):
                    found.append(f"{path.name}: np.load")
    assert found == []


def test_a_notebook_that_is_none_is_one_line(tmp_path, capsys):
    (tmp_path / "c.csv").write_text(TEXT)
    assert main(["new", str(tmp_path / "s"), str(tmp_path / "c.csv")]) == 0
    (tmp_path / "s" / "notebooks").mkdir()
    (tmp_path / "s" / "notebooks" / "x.ipynb").write_text(json.dumps([1, 2]))
    capsys.readouterr()
    assert main(["report", str(tmp_path / "s"), "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.count("threadline: ") == 1


@pytest.mark.parametrize("name", ["c.csv", "c.csv.gz"])
def test_a_line_that_never_ends_is_one_line_of_error(tmp_path, capsys, monkeypatch, name):
    monkeypatch.setattr(bounds, "LONGEST", 10_000)
    data = b"id,thread,author,comment\n1,t,Ann,fine\n2,t,Bob," + b"x" * 20_000
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    assert main(["new", str(tmp_path / "study"), str(tmp_path / name)]) == 2
    assert "lines of at most 10,000 characters, found a longer one, line 3" in capsys.readouterr().err


def test_columns_without_number_are_one_line_of_error(tmp_path, capsys):
    columns = ",".join(f"c{i}" for i in range(bounds.MOST_COLUMNS))
    (tmp_path / "c.csv").write_text(f"id,comment,{columns}\n1,fine\n")
    assert main(["new", str(tmp_path / "study"), str(tmp_path / "c.csv")]) == 2
    assert "expected at most 20,000 columns, found 20,002" in capsys.readouterr().err


@pytest.mark.parametrize("row", ['2,t,Bob,"{}"', "2\tt\tBob\t{}", '2;t;Bob;"{}"'], ids=["quoted", "tabs", "semicolons"])
def test_a_cell_of_many_commas_is_no_row_of_many_columns(tmp_path, row):
    head = "id,thread,author,comment".replace(",", row[1])
    path = tmp_path / "c.csv"
    path.write_text(f"{head}\n{row.replace('2', '1', 1).format('fine')}\n{row.format('so, ' * 30_000)}\n")
    (table,) = formats.tables_of(path)
    assert [len(value["comment"]) for _, value, _ in table.rows()] == [4, 120_000]


def test_bytes_that_are_no_text_are_no_table(tmp_path, capsys):
    (tmp_path / "c.csv").write_bytes(bytes(range(256)) * 1_000)
    assert main(["new", str(tmp_path / "study"), str(tmp_path / "c.csv")]) == 2
    assert "bytes that are no text" in capsys.readouterr().err


def workbook(path: Path, far: str) -> None:
    """A table, and a cell at a place."""
    import openpyxl

    book = openpyxl.Workbook()
    for row in (["thread", "user", "text"], ["t1", "Ann", "one"], ["t1", "Bob", "two"]):
        book.active.append(row)
    book.active[far] = "far"
    book.save(path)


def test_cells_that_lie_far_apart_are_one_line_of_error(tmp_path, capsys):
    workbook(tmp_path / "far.xlsx", "XFD1048576")
    assert main(["new", str(tmp_path / "s"), str(tmp_path / "far.xlsx")]) == 2
    assert "a sheet of at most 33,554,432 cells, empty ones too, found 17,179,869,184" in capsys.readouterr().err
    workbook(tmp_path / "near.xlsx", "BA90")
    assert main(["new", str(tmp_path / "s"), str(tmp_path / "near.xlsx")]) == 0


def test_an_archive_of_files_without_number_is_one_line_of_error(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(formats, "MOST_FILES", 3)
    for n, code in ((3, 0), (4, 2)):
        with zipfile.ZipFile(tmp_path / f"{n}.zip", "w") as file:
            for i in range(n):
                file.writestr(f"{i}.csv", TEXT.replace("t1", f"t{i}"))
        assert main(["new", str(tmp_path / f"s{n}"), str(tmp_path / f"{n}.zip")]) == code
    assert "at most 3 files in an archive, found 4" in capsys.readouterr().err


def test_a_text_that_all_rows_share_is_one_line_of_error_and_not_memory(tmp_path, capsys, monkeypatch):
    import pyarrow as pa
    import pyarrow.parquet as pq

    text = pa.DictionaryArray.from_arrays(pa.array([0] * 90, pa.int32()), pa.array(["word " * 20]))
    table = pa.table({"thread": ["t1"] * 90, "user": [None, *map(str, range(89))], "text": text.cast(pa.string())})
    pq.write_table(table, tmp_path / "c.parquet")
    for most, code in ((9_000, 0), (8_999, 2)):
        monkeypatch.setattr(formats, "MOST_LETTERS", most)
        assert main(["new", str(tmp_path / f"s{most}"), str(tmp_path / "c.parquet")]) == code
    assert "at most 8,999 letters in 90 rows, found 9,000" in capsys.readouterr().err


def test_a_million_marks_on_one_letter_come_to_an_end():
    """Sorted at once they take an hour."""
    accents = "a" + "\u0316\u0301" * 500_000
    assert pseudonym(accents, b"key") == pseudonym(accents, b"key")
    for form in ("NFC", "NFKC", "NFKD"):
        for text in ("é" * 999, "e\u0301" * 999, "x" + "e\u0323\u0301" * 999, "ﷺ" * 30):
            assert normal(form, text) == unicodedata.normalize(form, text)
