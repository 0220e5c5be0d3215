"""`cnnspec serve` as a program and as a browser meet it: who may ask, files, trainings."""

import json
import re
import socket
import subprocess
import sys
import time

import pytest

pytest.importorskip("starlette", reason="the extra `serve` is not installed")
pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")

from tests.serve.support import Served

SMALL = (
    "model small\ndata fashion_mnist_mini\nconv 2x5 stride=4 relu\nflatten\ndense 10 softmax\n"
    "expect accuracy >= 0.01\ntrain { epochs 2; batch 500; seed 7 }\n"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    (folder / "net.cnn").write_text("conv 8x3 relu\ngap\ndense 10 softmax\n")
    with Served(folder, "net.cnn") as served:
        served.folder = folder
        yield served


def test_the_token_becomes_a_cookie_that_no_script_reads(server):
    status, headers, _ = server.ask("GET", f"/?token={server.token}", Cookie=None)
    assert (status, headers["location"]) == (303, "/")
    assert "httponly" in headers["set-cookie"].lower()
    assert "samesite=strict" in headers["set-cookie"].lower()
    status, headers, text = server.ask("GET", "/")
    assert (status, "cnnspec" in text) == (200, True)
    assert "script-src 'self';" in headers["content-security-policy"]


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (403, {"Cookie": None}),
        (403, {"Cookie": "cnnspec-1=x"}),
        (421, {"Host": "evil.example"}),
        (421, {"Host": "127.0.0.1"}),
        (403, {"Origin": "http://evil.example"}),
        (403, {"Origin": "null"}),
        (403, {"Sec_Fetch_Site": "cross-site"}),
        (403, {"Sec_Fetch_Site": "same-site"}),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/trainings"), ("GET", "/machine"), ("GET", "/")]
)
def test_others_are_refused(server, method, path, status, headers):
    got, _, _ = server.ask(method, path, {"text": SMALL}, **headers)
    assert got == status
    assert not (server.folder / "runs").exists()


def test_a_wrong_token_is_refused(server):
    status, headers, _ = server.ask("GET", "/?token=wrong", Cookie=None)
    assert (status, headers["set-cookie"]) == (403, None)


def test_it_listens_on_the_loopback_address_only(server):
    name = socket.gethostbyname(socket.gethostname())
    if name.startswith("127."):
        pytest.skip("this machine has no other address")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((name, server.port), timeout=5)


def test_a_question_is_answered(server):
    found = server.post("/ask", {"ask": "check", "text": "dens 10"})
    assert found["problems"][0]["code"] == "CNN101"
    status, _, text = server.ask("POST", "/ask", {"ask": "rm"})
    assert (status, "not a question" in text) == (400, True)
    status, _, text = server.ask("POST", "/ask", {"ask": "check"})
    assert status == 400


def test_no_file_but_those_of_the_page_is_served(server):
    for path in ("/../pyproject.toml", "/%2e%2e/files.py", "/kept/..", "/kept/..%2fnet.cnn"):
        status, _, text = server.ask("GET", path)
        assert status == 404, text


def test_a_file_is_saved_unless_another_program_changed_it(server):
    machine = server.get("/machine")
    assert machine["text"].startswith("conv 8x3")
    path = server.folder / "net.cnn"
    saved = server.post("/save", {"text": "gap\n", "version": machine["version"]})
    assert path.read_text() == "gap\n"
    path.write_text("theirs\n")
    status, _, text = server.ask("POST", "/save", {"text": "mine", "version": saved["version"]})
    assert status == 409
    assert "changed by another program" in text
    assert path.read_text() == "theirs\n"


def test_a_port_that_is_taken_is_an_error_with_a_remedy(server):
    done = subprocess.run(
        [sys.executable, "-m", "cnnspec", "serve", "--no-browser", "--port", str(server.port)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert f"port {server.port} is taken" in done.stderr
    assert "--port 0" in done.stderr


def test_a_file_that_is_not_text_is_an_error_before_it_begins(tmp_path):
    (tmp_path / "x.cnn").write_bytes(b"conv \xff")
    done = subprocess.run(
        [sys.executable, "-m", "cnnspec", "serve", str(tmp_path / "x.cnn"), "--no-browser"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "UTF-8" in done.stderr


def test_a_training_is_told_from_its_beginning_to_whoever_asks(server):
    number = server.post("/trainings", {"text": SMALL})["number"]
    # Only one at a time.
    assert server.ask("POST", "/trainings", {"text": SMALL})[0] == 409
    events = server.events(number)
    kinds = [event["event"] for event in events if event["event"] != "note"]
    assert kinds == ["begun", "epoch", "epoch", "measured", "reporting", "ended"]
    run = server.folder / events[-1]["run"]
    assert json.loads((run / "metrics.json").read_text())["test"] == next(
        event["test"] for event in events if event["event"] == "measured"
    )
    assert events[-1]["expectations"][0]["holds"]
    # A page that comes later, or again, is told the same; one that was away, the rest.
    assert server.events(number) == events
    assert server.events(number, after=len(events) - 1) == events[-1:]
    assert server.get("/machine")["training"] == number
    (row,) = server.get("/kept")["rows"]
    assert (row["name"], row["state"], row["report"]) == ("small-1", "finished", True)
    status, headers, text = server.ask("GET", "/kept/small-1")
    assert (status, "<html" in text) == (200, True)
    policy = headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts; default-src 'none'; script-src 'sha256-")
    assert "allow-same-origin" not in policy


def trained(server, name, epochs=1):
    """Waits until a run has so many epochs."""
    ends = time.monotonic() + 120
    while time.monotonic() < ends:
        rows = {row["name"]: row for row in server.get("/kept")["rows"]}
        if rows.get(name, {}).get("epochs", 0) >= epochs:
            return
        time.sleep(0.1)
    raise AssertionError(f"{name} has no {epochs} epochs")


def test_a_training_that_is_stopped_at_once_has_nothing_to_keep(server):
    number = server.post("/trainings", {"text": SMALL})["number"]
    server.post(f"/trainings/{number}/stop", {})
    assert server.events(number)[-1] == {"event": "stopped", "run": ""}


def test_a_training_is_stopped_and_goes_on(server):
    long = SMALL.replace("epochs 2", "epochs 500").replace("model small", "model long")
    number = server.post("/trainings", {"text": long})["number"]
    trained(server, "long-1")
    server.post(f"/trainings/{number}/stop", {})
    events = server.events(number)
    assert events[-1]["event"] == "stopped"
    done = sum(event["event"] == "epoch" for event in events)
    assert 0 < done < 500
    again = server.post("/trainings", {"resume": "long-1"})["number"]
    trained(server, "long-1", done + 1)
    server.post(f"/trainings/{again}/stop", {})
    assert server.events(again)[-1]["run"] == events[-1]["run"]
    assert server.ask("POST", "/trainings", {"resume": "../x"})[0] == 404


def test_a_spec_with_errors_is_not_trained(server):
    status, _, text = server.ask("POST", "/trainings", {"text": "dens 10"})
    assert (status, "unknown word" in text) == (422, True)


def test_a_training_that_fails_says_why(server):
    text = SMALL.replace("data fashion_mnist_mini", 'data "missing"').replace("expect", "#")
    number = server.post("/trainings", {"text": "input 28x28x1\nclasses 10\n" + text})["number"]
    last = server.events(number)[-1]
    assert last["event"] == "failed"
    assert re.search(r"missing", last["problems"][0]["message"])


def test_a_server_that_ends_keeps_what_was_trained(tmp_path):
    with Served(tmp_path) as server:
        text = SMALL.replace("epochs 2", "epochs 500")
        server.post("/trainings", {"text": text})
        trained(server, "small-1")
        assert server.end() == 0
    (run,) = (tmp_path / "runs").iterdir()
    assert (run / "checkpoints").is_dir()
    assert not (run / ".owner").exists()
