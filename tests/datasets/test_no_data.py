"""A network that is only counted is refused before anything is trained."""

import pytest

from cnnspec.commands import main
from cnnspec.datasets.locate import beside
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.ir.spec import NO_DATA, Data

SWEPT = "let f = 4; input 8x8x3; conv (f)x3; flatten; dense 10; sweep { f in 4, 8 }"


def test_training_asks_for_the_data() -> None:
    with pytest.raises(CnnspecError, match="names no data to train on") as raised:
        beside(Data(NO_DATA), "x.cnn")
    (problem,) = raised.value.diagnostics
    assert (problem.code, problem.help) == (
        "CNN903",
        'write `data "PATH"`, with the file or folder of its images',
    )


@pytest.mark.parametrize("command", ["train", "sweep"])
def test_nothing_is_left_of_a_training_without_data(command, tmp_path, capsys) -> None:
    out = tmp_path / "out"
    assert (
        main(
            [
                command,
                "-e",
                SWEPT.partition("; sweep")[0] if command == "train" else SWEPT,
                "--out",
                str(out),
            ]
        )
        == 3
    )
    assert "CNN903" in capsys.readouterr().err
    assert not out.exists()
