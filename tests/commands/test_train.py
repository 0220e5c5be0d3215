from cnnspec.commands import main


def test_warnings_of_a_spec_are_told_when_a_run_begins_and_not_again(
    tmp_path, capsys, backend: str
) -> None:
    spec = "model once; pool 4; dense 10 softmax; train { epochs 1; validation test }"
    assert main(["train", "-e", spec, "--out", str(tmp_path), "--no-report"]) == 0
    assert "CNN610" in capsys.readouterr().err
    assert main(["train", "--resume", str(tmp_path / "once-1"), "--no-report"]) == 0
    said = capsys.readouterr().err
    assert "nothing to do" in said
    assert "CNN610" not in said
