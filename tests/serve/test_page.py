"""The page in a real browser, with the server behind it: typed into, clicked and looked at."""

import json

import pytest

pytest.importorskip("starlette", reason="the extra `serve` is not installed")
pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")

from tests.serve.support import Served
from tests.support.browser import CHROMIUM, Browser

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine")

TEXT = (
    "model small\ndata fashion_mnist_mini\nlet f = 8\n\nconv (f)x3 relu\npool 2\nflatten\n"
    "dense 10 softmax\nbudget params <= 14k\ntrain { epochs 2; batch 500 }\n"
)


@pytest.fixture(scope="module")
def browser():
    with Browser() as found:
        yield found


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Served(tmp_path_factory.mktemp("served")) as found:
        yield found


@pytest.fixture
def page(server, browser):
    """A page with a text of its own, of which nothing of an earlier test is left."""
    found = browser.page(server.url)
    found.wait("document.body.dataset.ready")
    found.run("localStorage.clear()")
    write(found, TEXT)
    yield found
    # Whatever a test did: nothing went elsewhere, and nothing went wrong unseen.
    assert found.foreign() == set()
    assert found.console == []
    found.run("localStorage.clear()")
    found.close()


def write(page, text):
    """Puts a text into the editor, and waits until it is checked."""
    page.run(f"cnnspec.editor.replace({json.dumps(text)})")
    checked(page)


def checked(page):
    page.wait("cnnspec.found?.text === cnnspec.editor.text")


def link_of(given):
    """A script that makes the link of a text."""
    return f"import('./share.js').then((module) => module.toAddress({given}))"


def select(page, line):
    """Puts the cursor into a line, counted from 0."""
    place = f"{{ line: {line}, character: 2 }}"
    page.run(f"cnnspec.editor.select({{ start: {place}, end: {place} }})")


def text_of(page):
    return page.run("cnnspec.editor.text")


def test_typing_shows_shapes_errors_and_completion(page):
    page.click(".cm-content")
    page.key("End", "Control")
    page.type("conv 4x3 re")
    page.wait("document.querySelector('.cm-tooltip-autocomplete')")
    assert "relu" in page.text(".cm-tooltip-autocomplete")
    page.key("Escape")
    checked(page)
    assert "1 error" in page.text("#status")
    assert "line 11" in page.text("#problems")
    shapes = page.run("[...document.querySelectorAll('.shape')].map((e) => e.textContent)")
    assert shapes[:2] == ["26x26x8", "13x13x8"]


def test_a_fix_is_a_button_and_can_be_undone(page):
    wrong = TEXT.replace("flatten", "flaten")
    write(page, wrong)
    assert page.run("document.querySelectorAll('.cm-lintRange-error').length") == 1
    page.button("write flatten", "#problems")
    checked(page)
    assert text_of(page) == TEXT
    assert page.text("#status") == "no errors"
    page.key("z", "Control")
    assert text_of(page) == wrong


def test_a_budget_that_is_passed_has_its_fix_beside_it(page):
    write(page, "conv 8x3 relu\ngap\ndense 10 softmax\nbudget params <= 100\n")
    assert page.run("document.querySelectorAll('.budget.bad').length") == 1
    page.click(".budget .fix")
    checked(page)
    assert page.run("document.querySelectorAll('.budget.good').length") == 1


def test_format_by_its_key(page):
    write(page, TEXT.replace("pool 2", "pool    2"))
    page.run("cnnspec.editor.view.focus()")
    page.key("f", "Shift", "Alt")
    page.wait(f"cnnspec.editor.text === {json.dumps(TEXT)}")


def test_a_slider_writes_the_number_of_its_let(page):
    page.run("document.querySelector('#let-f').focus()")
    for _ in range(3):
        page.key("ArrowRight")
        checked(page)
    assert "let f = 11\n" in text_of(page)
    assert page.text("#sliders output") == "11"
    # A drag is faster than the checks.
    page.run(
        "const slider = document.querySelector('#let-f'); for (const value of [12, 13, 9]) {"
        "slider.value = value; slider.dispatchEvent(new Event('input')); }"
    )
    assert "let f = 9\n" in text_of(page)


def test_the_drawing_and_the_text_lead_to_each_other(page):
    page.click("#tab-drawing")
    page.wait("document.querySelectorAll('.hit').length === 4")
    page.click(".hit")
    assert page.run("cnnspec.editor.cursor.line") == 4
    page.wait("document.querySelectorAll('.hit.here').length === 1")
    page.run(
        "cnnspec.editor.select({start: {line: 7, character: 0}, end: {line: 7, character: 5}})"
    )
    page.wait("document.querySelectorAll('.hit')[3].classList.contains('here')")


def test_layers_and_formulas_follow_the_cursor(page):
    page.click("#tab-layers")
    page.run(
        "cnnspec.editor.select({start: {line: 4, character: 0}, end: {line: 4, character: 4}})"
    )
    page.wait("document.querySelector('tr.here th')?.innerText === 'conv'")
    page.click("#tab-formulas")
    page.wait("document.querySelector('#panel-formulas dl')")
    # 8 filters of 3x3 on one channel with a bias.
    assert "(3·3·1 + 1) · 8 = 80" in page.text("#panel-formulas")


def test_an_exercise_hides_results_until_they_are_asked_for(page):
    page.click("#tab-layers")
    page.button("Exercise")
    page.wait("document.querySelector('#panel-layers .asked')")
    assert "26x26x8" not in page.text("#panel-layers")
    assert page.run("document.querySelectorAll('.shape').length") == 0
    page.click("#tab-drawing")
    page.wait("!document.querySelector('.drawing svg')")
    page.click("#tab-layers")
    page.click("#panel-layers .asked")
    assert "26x26x8" in page.text("#panel-layers")
    page.button("Exercise")
    page.wait("document.querySelectorAll('.shape').length")


def test_two_texts_are_compared(page):
    page.click("#tab-compare")
    page.button("Put this text aside as A")
    page.wait("document.querySelector('#panel-compare .good')")
    write(page, TEXT.replace("f = 8", "f = 4"))
    page.wait("document.querySelector('#panel-compare table')")
    assert "conv 8x3 relu → conv 4x3 relu" in page.text("#panel-compare")


def test_a_link_carries_the_text_and_the_rules(page, browser, server):
    odd = TEXT + "# é 漢字 \U0001f600 <b>\n"
    write(page, odd)
    page.click("#tab-rules")
    page.click("#rules-text")
    page.type("allow conv pool dense\n")
    page.wait("document.querySelector('.verdict')")
    page.button("Share")
    page.wait("document.querySelector('#share-link')")
    link = page.run("document.querySelector('#share-link').value")
    other = browser.page(link)
    other.wait("cnnspec.found?.text === cnnspec.editor.text")
    assert text_of(other) == odd
    assert "Not passed" in other.text("#panel-rules")
    assert "also flatten" in other.text("#panel-rules")
    assert other.console == []
    other.close()
    page.key("Escape")


def test_a_link_that_is_cut_is_said_and_loses_nothing(page, browser, server):
    page.button("Share")
    page.wait("document.querySelector('#share-link')")
    link = page.run("document.querySelector('#share-link').value")
    other = browser.page(link[:-20])
    other.wait("document.body.dataset.ready")
    assert "not complete" in other.text("#note")
    assert text_of(other) == TEXT
    other.close()


def test_what_is_typed_is_kept_and_a_shared_text_comes_first(page, browser, server):
    link = page.run(link_of("{ text: 'gap\\n' }"))
    again = browser.page(server.url)
    again.wait("document.body.dataset.ready")
    assert text_of(again) == TEXT
    again.close()
    shared = browser.page(link)
    shared.wait("document.body.dataset.ready")
    assert text_of(shared) == "gap\n"
    shared.run("cnnspec.editor.view.dispatch({ changes: { from: 0, insert: '# mine\\n' } })")
    shared.button("My earlier text")
    assert text_of(shared) == TEXT
    shared.close()


def test_reset_begins_anew_and_can_be_undone(page):
    page.button("Reset")
    checked(page)
    assert "model lenet" in text_of(page)
    page.run("cnnspec.editor.view.focus()")
    page.key("z", "Control")
    assert text_of(page) == TEXT


def test_an_embedded_page_has_no_buttons(page, browser):
    link = page.run(link_of("{ text: 'gap\\n', embed: true }"))
    other = browser.page(link)
    other.wait("document.body.dataset.ready")
    assert not other.run("document.querySelector('header').checkVisibility()")
    other.close()


def test_it_trains_with_curves_and_survives_a_closed_tab(page, browser, server):
    page.button("Train")
    page.wait("document.querySelector('.state')")
    # The tab is closed while it starts, and another one finds it again.
    other = browser.page(server.url)
    other.wait("document.body.dataset.ready")
    other.click("#tab-train")
    other.wait("document.querySelector('.state.ended')")
    assert "test accuracy" in other.text("#panel-train")
    assert other.run("document.querySelectorAll('.curves polyline').length") == 4
    other.click("#tab-runs")
    other.wait("document.querySelector('#panel-runs a')")
    report = other.run("document.querySelector('#panel-runs a').href")
    assert other.console == []
    other.close()
    shown = browser.page(report)
    shown.wait("document.querySelector('h1')")
    assert "small" in shown.text("h1")
    assert shown.console == []
    shown.close()


def test_a_server_that_has_gone_is_said_and_the_text_stays(tmp_path, browser):
    with Served(tmp_path) as server:
        page = browser.page(server.url)
        page.wait("document.body.dataset.ready")
        server.end()
        page.run("cnnspec.editor.view.dispatch({ changes: { from: 0, insert: '# mine\\n' } })")
        page.wait("!document.querySelector('#note').hidden")
        assert "cnnspec serve" in page.text("#note")
        assert text_of(page).startswith("# mine\n")
        page.close()


@pytest.mark.parametrize(
    "tab", ["drawing", "layers", "formulas", "compare", "rules", "train", "runs"]
)
def test_a_phone_has_no_horizontal_scrolling(page, tab):
    page.resize(390, 844)
    page.click(f"#tab-{tab}")
    page.wait("cnnspec.found")
    assert page.run("document.documentElement.scrollWidth") == 390
    page.resize(1280, 800)
