"""The browser of the tests sees what it is there to see."""

from __future__ import annotations

PAGE = """<!doctype html><html lang="en"><head><title>A page</title><style>
body { background: white; color: black } @media (prefers-color-scheme: dark) { body { background: black } }
</style></head><body><main><h1>A page</h1><p>Words.</p>%s</main></body></html>"""


def test_a_page_has_the_width_and_the_colours_that_were_asked_for(browser, tmp_path):
    (path := tmp_path / "a.html").write_text(PAGE % "")
    shown = browser.open(path.as_uri(), width=400, dark=True)
    assert shown.page.evaluate("innerWidth") == 400
    assert shown.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(0, 0, 0)"
    assert shown.requests == [path.as_uri()]
    assert shown.errors == shown.dialogs == shown.outside("file:") == []


def test_what_it_asks_for_says_and_breaks_is_recorded(browser, tmp_path):
    (path := tmp_path / "b.html").write_text(
        PAGE % '<img src="http://192.0.2.1:9/x.png" alt="x"><script>alert("said"); nothing()</script>'
    )
    shown = browser.open(f"{path.as_uri()}?", width=400)
    assert shown.dialogs == ["said"] and any("nothing" in error for error in shown.errors)
    assert shown.outside("file:") == ["http://192.0.2.1:9/x.png"]


def test_axe_finds_a_picture_without_words(browser, tmp_path):
    (path := tmp_path / "c.html").write_text(PAGE % '<img src="data:,">')
    assert [found.split()[0] for found in browser.open(path.as_uri()).axe()] == ["image-alt"]
    path.write_text(PAGE % "")
    assert browser.open(path.as_uri()).axe() == []
