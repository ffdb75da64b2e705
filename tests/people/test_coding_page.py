"""The coding page: what is coded is kept through a kill, coders do not meet, nothing of a comment runs or leaves."""

from __future__ import annotations

import csv
import html
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import krippendorff
import numpy as np
import pandas as pd
import pytest

from analysis import open_study
from analysis.people import intrusion
from analysis.people.page_server import HEADERS
from analysis.people.records import Record, Said
from analysis.people.sampling import sampled
from analysis.sentiment.codes import read_codes
from analysis.settings import StudyError

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = [
    "<script>alert('ran')</script><img src=x onerror=\"alert('ran')\">",
    "</title></textarea></div><svg onload=alert(1)><iframe srcdoc='<script>parent.alert(1)</script>'>",
    '"><link rel=stylesheet href="https://outside.example/x.css"> {{constructor.constructor("alert(1)")()}}',
    '=HYPERLINK("https://outside.example")\nשלום <b>עולם</b> \u202e txet \u202c end',
    "w" * 900,
]
N = 240


def write_study(folder: Path) -> Path:
    """240 comments in 12 threads, some of them hostile."""
    folder.mkdir()
    rows = [
        {
            "comment_id": f"c{i:03d}",
            "article_id": f"thread {i % 12}" if i % 12 else "<img src=x onerror=alert(2)>",
            "posted_at": f"2023-0{i % 9 + 1}-11T10:00:00Z",
            "text": html.escape(HOSTILE[i % 9])
            if i % 9 < len(HOSTILE)
            else f"The tram was late again, for the {i}th time.",
        }
        for i in range(N)
    ]
    pd.DataFrame(rows).to_csv(folder / "comments.csv", index=False)
    (folder / "study.toml").write_text(
        'title = "<script>alert(3)</script> trams"\n[source]\npaths = ["comments.csv"]\n'
    )
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A study whose corpus is read and whose sample of 200 is drawn, to be copied."""
    folder = write_study(tmp_path_factory.mktemp("coding") / "study")
    strata = pd.DataFrame({"comment_id": [f"c{i:03d}" for i in range(N)], "stratum": "all"})
    sampled(folder / "coded", 200, lambda: strata, 1, even=False)  # nothing but the corpus is computed then
    study = open_study(folder)
    study.code().close()
    return study


@pytest.fixture
def served(made):
    """The page of a study of which nothing is coded."""
    coded = made.settings.folder / "coded"
    asked = made.settings.folder / "intrusion"
    for path in [
        *coded.glob("*.csv"),
        *coded.glob("training/*.csv"),
        made.settings.folder / "codebook.md",
        *asked.glob("*"),
    ]:
        if path.name != "sample.csv" or path.parent == asked:
            path.unlink(missing_ok=True)
    page = made.code()
    yield page
    page.close()


def expect(of):
    """Playwright's `expect`, which waits; the tests that have no browser run without it."""
    from playwright.sync_api import expect

    return expect(of)


def enter(browser, url, name, which="Code the sample", **more):
    """Open the page as a coder, and a round."""
    shown = browser.open(url, **more)
    page = shown.page
    page.locator("#name").fill(name)
    page.keyboard.press("Enter")
    page.get_by_role("button", name=which).click()
    expect(page.locator("#coding")).to_be_visible()
    return shown


def press(page, key, n, of=200):
    """Press a key, and wait until the page says that n are coded."""
    page.keyboard.press(key)
    page.locator(f'#counts:text-matches("^{n} of {of} coded")').wait_for()  # `expect` looks less often


def id_shown(shown, order):
    return order[int(shown.page.locator("#place").inner_text().split()[1]) - 1]


def serve(folder: Path) -> tuple[subprocess.Popen, str]:
    command = [sys.executable, "-m", "analysis", "code", str(folder), "--n", "200", "--no-browser"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env, cwd=ROOT)
    for line in process.stdout:
        if found := re.search(r"http://\S+", line):
            return process, found[0]
    raise AssertionError("no address was said")


def test_two_hundred_comments_by_keyboard_and_a_kill_loses_none(browser, made, tmp_path):
    folder = shutil.copytree(made.settings.folder, tmp_path / "study")
    process, url = serve(folder)
    shown = enter(browser, url, "anna")
    keys = [str(1 + (7 * i + i // 5) % 3) for i in range(200)]
    for i in range(120):
        press(shown.page, keys[i], i + 1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    shown.page.keyboard.press("1")
    expect(shown.page.get_by_role("alert")).to_contain_text("has ended")
    expect(shown.page.locator("#counts")).to_have_text("120 of 200 coded")
    path = folder / "coded" / "anna.csv"
    with path.open("ab") as file:
        file.write(b"c0")  # as a power cut leaves a row
    again = open_study(folder).code(200)
    try:
        shown = browser.open(again.url)
        shown.page.get_by_role("button", name="anna").click()
        shown.page.get_by_role("button", name="Go on with the sample").click()
        expect(shown.page.locator("#counts")).to_have_text("120 of 200 coded")
        expect(shown.page.locator("#place")).to_have_text("Comment 121 of 200")
        shown.page.keyboard.press("u")
        expect(shown.page.locator("#place")).to_have_text("Comment 120 of 200")
        for i in range(119, 200):
            press(shown.page, keys[i], i + 1)
        expect(shown.page.locator("#end-title")).to_have_text("The sample is done")
    finally:
        again.close()
    rows = list(csv.DictReader(path.open(newline="")))
    order = list(dict.fromkeys(row["comment_id"] for row in rows))
    codes = read_codes(folder / "coded", [f"c{i:03d}" for i in range(N)])
    assert codes.table.set_index("comment_id")["anna"][order].tolist() == [int(key) - 2 for key in keys]
    assert len(codes.table) == 200 and codes.problems.empty and codes.coders == ("anna",)


def test_two_coders_at_once_do_not_meet_and_alpha_grows(browser, served, made):
    anna, brian = enter(browser, served.url, "anna"), enter(browser, served.url, "brian")
    given = {"anna": "12312312", "brian": "12312213"}
    for i in range(8):
        press(anna.page, given["anna"][i], i + 1)
        press(brian.page, given["brian"][i], i + 1)
    codes = read_codes(made.settings.folder / "coded", made.corpus.rows["comment_id"])
    table = codes.table[["anna", "brian"]].dropna()
    assert len(table) == 8 and (table["anna"] != table["brian"]).sum() == 2
    alpha = krippendorff.alpha(table.to_numpy().T, value_domain=[-1, 0, 1], level_of_measurement="ordinal")
    assert f"alpha {alpha:.2f}" in brian.page.locator("#alpha").inner_text()
    assert "of 8 coded by two" in brian.page.locator("#alpha").inner_text()
    assert anna.page.locator("#text").inner_text() == brian.page.locator("#text").inner_text(), "all have one order"


@pytest.mark.parametrize(("width", "dark"), [(1200, False), (360, True)])
def test_hostile_text_is_text_no_request_leaves_and_axe_finds_nothing(browser, served, width, dark):
    shown = enter(browser, served.url, "anna", width=width, dark=dark)
    page, seen = shown.page, set()
    for i in range(16):
        seen.add(page.locator("#text").evaluate("node => node.textContent"))
        if not i:
            page.keyboard.press("t")
            expect(page.locator("#beside .here")).to_be_visible()
            assert shown.axe() == []
            page.keyboard.press("a")
            expect(page.locator("#beside h2")).to_have_text("The article")
            page.keyboard.press("a")
            expect(page.locator("#beside")).to_be_hidden()
        press(page, "2", i + 1)
    assert any(HOSTILE[0] in text for text in seen), "it was shown, word for word"
    assert page.locator("#text *").count() == 0 and page.evaluate("document.scripts.length") == 1
    assert page.locator("h1").inner_text().endswith("<script>alert(3)</script> trams")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the window"
    page.keyboard.press("c")
    expect(page.locator("#beside h3").first).to_be_visible()
    page.get_by_role("button", name="Change it").click()
    assert shown.axe() == []
    page.get_by_role("button", name="Do not").click()
    page.locator("#comment").focus()
    page.keyboard.press("s")
    expect(page.locator("#skip")).to_be_visible()
    assert shown.axe() == [] and browser.open(served.url, dark=dark).axe() == []
    assert shown.dialogs == shown.errors == shown.outside(served.url) == []


def test_several_labels_are_chosen_by_keys_and_kept_by_enter(browser, served, made):
    study = made.with_(labels={"insult": "", "threat": "", "irony": ""})
    page = study.code()
    shown = enter(browser, page.url, "anna")
    one = shown.page
    one.keyboard.press("3")
    one.keyboard.press("1")
    one.keyboard.press("2")
    one.keyboard.press("2")
    expect(one.locator("#state")).to_have_text("irony, insult: Enter keeps it.")
    expect(one.locator("#counts")).to_have_text("0 of 200 coded")
    press(one, "Enter", 1)
    press(one, "Enter", 2)
    one.get_by_role("button", name="threat").click()
    assert shown.axe() == []
    press(one, "Enter", 3)
    one.keyboard.press("ArrowLeft")
    one.keyboard.press("ArrowLeft")
    expect(one.locator("#state")).to_have_text("Coded none of them.")
    one.keyboard.press("ArrowLeft")
    expect(one.locator("#state")).to_have_text("Coded insult, irony.")
    expect(one.locator("#classes [aria-pressed=true]")).to_have_count(2)
    order = [comment["id"] for comment in page.desk.comments("sample", "anna")]
    for comment, cell in zip(order, ("irony|insult", "threat", "threat"), strict=False):
        page.desk.say("sample", "brian", comment, cell, "")
    alphas = {of["of"]: of["alpha"] for of in page.desk.progress("sample", "anna")["alphas"]}
    page.close()
    given = [[[1, 0, 0], [1, 0, 0]], [[0, 0, 1], [0, 1, 1]], [[1, 0, 0], [1, 0, 0]]]
    for label, codes in zip(("insult", "threat", "irony"), given, strict=True):
        alpha = krippendorff.alpha(codes, value_domain=[0, 1], level_of_measurement="nominal")
        assert alphas[label] == pytest.approx(alpha, abs=1e-4), label
    rows = (made.settings.folder / "coded" / "anna.csv").read_text().splitlines()
    assert [row.split(",")[1] for row in rows[1:]] == ["insult|irony", "none", "threat"]
    with pytest.raises(StudyError, match="one of insult, threat, irony, none"):
        page.desk.say("sample", "anna", order[0], "insult|rain", "")


def test_the_odd_word_of_a_topic_is_found_on_the_page_which_does_not_know_it(browser, served, made):
    words = [[f"{name}{i}" for i in range(6)] for name in ("bread", "train", "<b>rain", "song", "goal")]
    asked = intrusion.items(words, np.eye(30), 1)
    folder = made.settings.folder / "intrusion"
    folder.mkdir(exist_ok=True)
    asked.to_csv(folder / "sample.csv", index=False)
    odd = asked.set_index("comment_id")["odd"]
    shown = enter(browser, served.url, "anna", "Find the odd word of each topic")
    order = [item["id"] for item in served.desk.comments("topics", "anna")]
    assert not any("odd" in item for item in served.desk.comments("topics", "anna"))
    for i, item in enumerate(order):
        expect(shown.page.locator("#classes button").nth(odd[item] - 1)).to_contain_text(re.compile("[a-z]+[0-9]"))
        assert shown.page.locator("#classes b").count() == 0
        key = odd[item] if i else odd[item] % 6 + 1
        press(shown.page, str(key), i + 1, of=5)
    expect(shown.page.locator("#end-title")).to_have_text("The round of topics is done")
    row = open_study(made.settings.folder).tables.intrusion.set_index("rater").loc["anna"]
    assert row[["n", "n_topics", "estimate"]].tolist() == [5, 5, 0.8] and row["low"] < 0.8 < row["high"]
    with pytest.raises(StudyError, match="one of 1, 2, 3, 4, 5, 6"):
        served.desk.say("topics", "anna", order[0], "7", "")


def test_it_is_coded_within_a_page_of_another_site_of_this_machine(browser, served):
    """JupyterLab is at localhost as a rule, to which 127.0.0.1 is another site: without cookies and storage."""

    class Lab(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(served._repr_html_().encode())

        def log_message(self, *_):
            pass

    lab = ThreadingHTTPServer(("127.0.0.1", 0), Lab)
    threading.Thread(target=lab.serve_forever, args=(0.05,), daemon=True).start()
    shown = browser.open(f"http://localhost:{lab.server_address[1]}/")
    frame = shown.page.frame_locator("iframe")
    frame.locator("#name").fill("anna")
    shown.page.keyboard.press("Enter")
    frame.get_by_role("button", name="Code the sample").click()
    expect(frame.locator("#coding")).to_be_visible()
    shown.page.keyboard.press("1")
    expect(frame.locator("#counts")).to_have_text("1 of 200 coded")
    lab.shutdown()
    lab.server_close()


def test_a_skip_has_its_reason_and_is_no_code(browser, served, made):
    shown = enter(browser, served.url, "anna")
    page = shown.page
    page.keyboard.press("s")
    page.locator("#reason").fill("=1+1, in\tCzech")
    page.keyboard.press("Enter")
    expect(page.locator("#counts")).to_have_text("0 of 200 coded, 1 skipped")
    press(page, "3", 1)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#state")).to_have_text("Skipped: =1+1, in Czech")
    codes = read_codes(made.settings.folder / "coded", made.corpus.rows["comment_id"])
    assert len(codes.table) == 1 and codes.problems["problem"].str.contains("skipped: =1").sum() == 1
    assert ",'=1+1" in (made.settings.folder / "coded" / "anna.csv").read_text().replace('"', "")


def test_the_training_shows_where_coders_differ_and_counts_nowhere(browser, served, made):
    for i, comment in enumerate(served.desk.comments("training", "anna")):
        served.desk.say("training", "anna", comment["id"], "-1" if i == 4 else "0", "")
    shown = enter(browser, served.url, "brian", "Train first")
    for i in range(20):
        press(shown.page, "3" if i == 4 else "2", i + 1, of=20)
    expect(shown.page.locator("#end-title")).to_have_text("The training is done")
    rows = shown.page.locator("#differ tr").all_inner_texts()
    assert len(rows) == 2 and rows[0].split("\t") == ["Comment", "anna", "brian"]
    assert rows[1].split("\t")[1:] == ["negative", "positive"] and shown.axe() == []
    sampled = set(pd.read_csv(made.settings.folder / "coded" / "sample.csv")["comment_id"])
    trained = set(pd.read_csv(made.settings.folder / "coded" / "training" / "sample.csv")["comment_id"])
    assert len(trained) == 20 and not trained & sampled
    assert read_codes(made.settings.folder / "coded", made.corpus.rows["comment_id"]).table.empty


def test_the_codebook_is_changed_by_two_and_neither_text_is_lost(browser, served, made):
    pages = [enter(browser, served.url, name).page for name in ("anna", "brian")]
    for page in pages:
        page.keyboard.press("c")
        page.get_by_role("button", name="Change it").click()
    for page, text in zip(pages, ("# One\n- <b>anna</b>", "# Two"), strict=True):
        page.get_by_label("The codebook").fill(text)
        page.get_by_role("button", name="Keep").click()
        expect(page.locator("#beside").get_by_text("One").or_(page.get_by_text("Somebody else"))).to_be_visible()
    assert (made.settings.folder / "codebook.md").read_text() == "# One\n- <b>anna</b>\n"
    area = pages[1].get_by_label("The codebook").input_value()
    assert area.startswith("# Two") and "<b>anna</b>" in area
    pages[1].get_by_label("The codebook").fill("# Both")
    pages[1].get_by_role("button", name="Keep").click()
    expect(pages[1].locator("#beside h2")).to_have_text("Both")
    assert (made.settings.folder / "codebook.md").read_text() == "# Both\n"


def test_who_comes_from_elsewhere_learns_and_changes_nothing(served, made):
    home = f"127.0.0.1:{served.port}"
    body = json.dumps({"round": "sample", "coder": "mallory", "comment": "c001", "code": "1"})

    def ask(method, path, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
        connection.putrequest(method, path, skip_host=True)
        data = body.encode() if method == "POST" else b""
        for name, value in {"Host": home, "Content_Length": str(len(data)), **headers}.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders(data)
        answer = connection.getresponse()
        return answer.status, answer.read(), dict(answer.headers)

    inside, own = f"/{served.token}/", {"Origin": f"http://{home}", "Content_Type": "application/json"}
    for status, method, path, headers in (
        (404, "GET", "/", {}),
        (404, "GET", "/x/", {}),
        (404, "GET", f"{inside}../study.toml", {}),
        (404, "GET", f"{inside}comments.csv", {}),
        (403, "GET", inside, {"Host": f"outside.example:{served.port}"}),
        (403, "GET", inside, {"Origin": "https://outside.example"}),
        (403, "GET", inside, {"Origin": "null"}),
        (403, "POST", f"{inside}say", {"Content_Type": "application/json"}),
        (403, "POST", f"{inside}say", own | {"Content_Type": "text/plain"}),
        (403, "POST", f"{inside}say", own | {"Origin": f"http://{home}.outside.example"}),
        (413, "POST", f"{inside}say", own | {"Content_Length": "99999999"}),
        (404, "POST", "/nothing/say", own),
        (400, "GET", "http://[/", {}),
    ):
        answer = ask(method, path, **headers)
        assert answer[:2] == (status, b""), (status, method, path, headers)
        assert "Access-Control-Allow-Origin" not in answer[2]
    assert not list((made.settings.folder / "coded").glob("mallory*"))
    status, page, headers = ask("GET", inside)
    assert status == 200 and b"<title>" in page and HEADERS.items() <= headers.items()
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "https:" not in policy
    assert ask("POST", f"{inside}say", **own)[0] in (200, 400)
    body = body.replace("c001", "nothing")
    status, answer, _ = ask("POST", f"{inside}say", **own)
    assert status == 400 and "expected a comment of this round" in json.loads(answer)["error"]
    status, answer, _ = ask("GET", f"{inside}around?comment=nobody")
    assert status == 400 and "expected a comment of this study, found nobody" in json.loads(answer)["error"]
    for body in ("{", "[1]", "[" * 100_000):
        assert ask("POST", f"{inside}say", **own)[:2] == (400, b""), body[:9]


@pytest.mark.parametrize(
    ("coder", "comment", "code", "skipped", "expected"),
    [
        ("../x", "c001", "1", "", "letters and digits"),
        ("sample", "c001", "1", "", "letters and digits"),
        ("anna", "nothing", "1", "", "a comment of this round"),
        ("anna", None, "2", "", "one of -1, 0, 1"),
        ("anna", None, "1|0", "", "one of -1, 0, 1"),
        ("anna", None, "", "  ", "a code, or a reason"),
    ],
)
def test_what_is_no_code_is_refused(served, made, coder, comment, code, skipped, expected):
    drawn = pd.read_csv(made.settings.folder / "coded" / "sample.csv")["comment_id"][0]
    with pytest.raises(StudyError, match=expected):
        served.desk.say("sample", coder, comment or drawn, code, skipped)
    assert [path.name for path in (made.settings.folder / "coded").glob("*.csv")] == ["sample.csv"]


def test_a_code_that_the_disk_does_not_take_is_told_and_not_lost_in_silence(served, made, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Record, "add", full)
    drawn = pd.read_csv(made.settings.folder / "coded" / "sample.csv")["comment_id"][0]
    home = f"127.0.0.1:{served.port}"
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
    said = json.dumps({"round": "sample", "coder": "anna", "comment": drawn, "code": "1"})
    kind = {"Host": home, "Origin": f"http://{home}", "Content-Type": "application/json"}
    connection.request("POST", f"/{served.token}/say", said, kind)
    answer = connection.getresponse()
    assert answer.status == 500 and json.loads(answer.read())["error"] == "not kept: No space left on device"


def test_a_codebook_that_is_no_text_and_what_was_not_coded_are_told(served, made):
    desk, path = served.desk, made.settings.folder / "codebook.md"
    version = desk.codebook()["version"]
    for text in (" ", "x" * 10**7):
        with pytest.raises(StudyError, match="a text of 1 to .* characters. Shorten it."):
            desk.write_codebook(text, version)
    assert not path.exists()
    path.write_bytes(b"# Negative: sch\xf6n")
    with pytest.raises(StudyError, match="expected a text in UTF-8.*codebook.md|codebook.md: expected a text in UTF-8"):
        desk.codebook()
    assert desk.compare("nobody") == [] and desk.undo("sample", "anna")["undone"] is None
    with pytest.raises(StudyError, match="expected one of sample, training, topics"):
        desk.progress("elsewhere", "anna")


def test_a_record_keeps_what_was_said_last_and_drops_a_row_that_was_cut_off(tmp_path):
    record = Record(tmp_path / "anna.csv")
    for comment, said in (("a", Said("1")), ("b", Said("-1")), ("a", Said("0")), ('c,\n"', Said("", "no\nwords"))):
        record.add(comment, said)
    with record.path.open("ab") as file:
        file.write(b"d,-")
    assert record.read()["b"] == Said("-1")
    record.add("e", Said("1"))
    assert list(record.read().items()) == [
        ("b", Said("-1")),
        ("a", Said("0")),
        ('c,\n"', Said("", "no words")),
        ("e", Said("1")),
    ]
    record.add("e", Said())
    assert list(record.read()) == ["b", "a", 'c,\n"']


def test_a_sheet_that_somebody_fills_in_is_left_alone(tmp_path):
    (tmp_path / "anna.csv").write_text("comment_id,text,code\na,words,1\n")
    with pytest.raises(StudyError, match="fills in a sheet"):
        Record(tmp_path / "anna.csv").add("b", Said("1"))
    assert (tmp_path / "anna.csv").read_text() == "comment_id,text,code\na,words,1\n"


def test_a_port_that_is_taken_is_said(served, made):
    with pytest.raises(StudyError, match="a free port"):
        made.code(port=served.port)


def test_alpha_of_coders_who_agree_by_chance_has_an_interval_around_nothing():
    from analysis.people.agreement import alpha

    rng = np.random.default_rng(3)
    value, low, high = alpha(rng.integers(-1, 2, (200, 2)).astype(float))
    assert low < 0 < high and low < value < high
    assert np.isnan(alpha(np.array([[1.0, np.nan], [0.0, np.nan]]))[0]), "nobody shares a comment"
