"""The example notebook, run from the first cell to the last, and what a kernel sees of us."""

import os
import re
import time
from queue import Empty

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

from tests.support.paths import ROOT
from tests.targets.c.support import needs_compiler

NOTEBOOK = ROOT / "docs" / "first_network.ipynb"
SECONDS = 120


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder to run in, which the kernel does not share with whoever tests."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def kernel(place):
    manager, client = start_new_kernel(kernel_name="python3")
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def outputs(cell):
    """What a cell shows, by the kind of it."""
    found = {}
    for output in cell.outputs:
        if output.output_type == "stream":
            found[output.name] = found.get(output.name, "") + output.text
        else:
            found |= output.data
    return found


def test_notebook_is_stored_without_outputs():
    for cell in nbformat.read(NOTEBOOK, 4).cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_notebook_links_exist():
    text = "".join(c.source for c in nbformat.read(NOTEBOOK, 4).cells if c.cell_type == "markdown")
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert links
    assert all((ROOT / "docs" / link).exists() for link in links)


def test_notebook_runs_and_shows_what_it_says(place):
    notebook = nbformat.read(NOTEBOOK, 4)
    resources = {"metadata": {"path": str(place)}}
    NotebookClient(notebook, timeout=SECONDS, kernel_name="python3", resources=resources).execute()
    shown = {c.source: outputs(c) for c in notebook.cells if c.cell_type == "code"}
    # Nothing in red.
    assert not [source for source, found in shown.items() if "stderr" in found]
    assert "<td" in shown["network.check()"]["text/html"]
    assert "= (4*4*8 + 1) * 16 = 2,064" in shown["print(network.check().explain())"]["stdout"]
    (wrong,) = (found for source, found in shown.items() if source.startswith("wrong ="))
    assert "error[CNN2" in wrong["text/html"]
    assert "wrong.cnn:5:9" in wrong["text/html"]
    assert shown["network.draw()"]["image/svg+xml"].startswith("<svg")
    first = shown["first = network.train()\nfirst"]
    assert re.search(r"^epoch 3/3  loss ", first["stdout"], re.M)
    assert first["text/html"].count("<img") == 3
    assert "held" in first["text/html"]
    assert 'href="runs/first-1/report.html"' in first["text/html"]
    assert (place / "runs" / "first-1" / "report.html").is_file()
    accuracy = float(shown['first.scores["test"]["accuracy"]']["text/plain"])
    assert accuracy > 0.6
    compared = shown["first.compare(second)"]["text/html"]
    assert re.search(rf">first-1<.*>{accuracy:.4f}<.*>first-2<", compared)
    assert compared.count("<img") == 6


def reply_to(client, request):
    while True:
        message = client.get_shell_msg(timeout=SECONDS)
        if message["parent_header"].get("msg_id") == request:
            return message["content"]


def run(client, code, seen=lambda text: None):
    """Runs code in a kernel; returns its output by stream, and the reply."""
    request = client.execute(code)
    streams = {"stdout": "", "stderr": ""}
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        try:
            message = client.get_iopub_msg(timeout=1)
        except Empty:
            continue
        if message["parent_header"].get("msg_id") != request:
            continue
        content = message["content"]
        if message["msg_type"] == "stream":
            streams[content["name"]] += content["text"]
            seen(content["text"])
        if message["msg_type"] == "status" and content["execution_state"] == "idle":
            return streams, reply_to(client, request)
    raise AssertionError(f"no end after {SECONDS} s")


NET = "data fashion_mnist_mini; pool 4; dense 10 softmax; train { batch 100 }"


@needs_compiler
@pytest.mark.skipif(os.name == "nt", reason="a kernel is interrupted in another way there")
def test_an_interrupted_training_is_kept_and_goes_on(kernel):
    manager, client = kernel
    interrupted = []

    def interrupt(text):
        if " 2/9999" in text and not interrupted:
            interrupted.append(text)
            manager.interrupt_kernel()
            # An impatient person: the second one must not end the kernel and all in it.
            manager.interrupt_kernel()

    training = f"cnnspec.loads({NET!r}).train(epochs=9999, backend='native')"
    code = f"import cnnspec; kept = 7; t = {training}"
    streams, reply = run(client, code, interrupt)
    assert streams["stderr"] == ""
    assert "what has been trained is being kept\n" in streams["stdout"]
    assert reply["ename"] == "Interrupted"
    assert reply["traceback"] == [
        "stopped by signal 2; go on with `cnnspec.resume('runs/model-1')`"
    ]
    streams, reply = run(client, "print(kept, cnnspec.open_run('runs/model-1'))")
    assert reply["status"] == "ok"
    assert "7 model  in runs/model-1" in streams["stdout"]
    going_on = (
        "try:\n    cnnspec.resume('runs/model-1')\nexcept cnnspec.Interrupted: print('again')"
    )
    interrupted.clear()

    def once_more(text):
        if "going on after epoch" in text:
            interrupted.append(text)
        if interrupted and "epoch" in text and len(interrupted) == 1:
            interrupted.append(text)
            manager.interrupt_kernel()

    streams, reply = run(client, going_on, once_more)
    assert "going on after epoch" in streams["stdout"]
    assert streams["stdout"].endswith("again\n")


def test_a_wrong_spec_is_told_without_a_traceback(kernel):
    _, client = kernel
    _, reply = run(client, "import cnnspec; cnnspec.loads('conv 8x3; dense 9 softmax').draw()")
    assert reply["ename"] == "CnnspecError"
    first, place, *_ = reply["traceback"]
    assert first == "error[CNN206]: the network has 9 outputs for 10 classes"
    assert place == " --> <text>:1:17"
