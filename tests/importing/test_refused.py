"""Files that are damaged, hostile or hold what a spec cannot say: nothing of them is executed."""

import io
import json
import random
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import keras
import pytest
from keras import layers as kl

from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.importing.keras import config as keras_config
from cnnspec.importing.keras import file as keras_file
from cnnspec.importing.session import import_file
from tests.importing.test_import import sequential

pytestmark = pytest.mark.usefixtures("backend")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory, backend: Any) -> Path:
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    sequential(kl.Conv2D(4, 3), kl.BatchNormalization()).save(path)
    return path


def refused(path: Path, **options: Any) -> str:
    with pytest.raises(CnnspecError) as caught:
        import_file(path, **options)
    (problem,) = caught.value.diagnostics
    assert problem.help, problem.message
    return problem.message


def changed(saved: Path, folder: Path, change: Callable[[Any], None]) -> Path:
    """The file with another configuration."""
    path = folder / "changed.keras"
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "config.json":
                config = json.loads(data)
                change(config)
                data = json.dumps(config).encode()
            new.writestr(name, data)
    return path


def layer(config: Any, kind: str) -> Any:
    return next(each for each in config["config"]["layers"] if each["class_name"] == kind)


SETTINGS: list[tuple[str, str, Any, str]] = [
    ("Conv2D", "data_format", "channels_first", "`data_format=channels_first`"),
    ("Conv2D", "padding", "causal", "`padding=causal`"),
    ("Conv2D", "activation", "log_softmax", "the activation `log_softmax`"),
    ("Conv2D", "future", [1], "`future=[1]`"),
    ("BatchNormalization", "axis", 1, "`axis=1`"),
]


@pytest.mark.parametrize(("kind", "name", "value", "what"), SETTINGS)
def test_a_setting_without_a_word_is_named(
    kind: str, name: str, value: Any, what: str, saved: Path, tmp_path: Path
) -> None:
    def change(config: Any) -> None:
        layer(config, kind)["config"][name] = value

    assert what in refused(changed(saved, tmp_path, change))


@pytest.mark.parametrize("kind", ["Lambda", "TextVectorization", "os.system", "MyLayer"])
def test_a_class_that_is_not_in_the_table_is_named(kind: str, saved: Path, tmp_path: Path) -> None:
    def change(config: Any) -> None:
        layer(config, "Conv2D")["class_name"] = kind

    assert f"({kind}) is not one that a spec has" in refused(changed(saved, tmp_path, change))


def test_a_lambda_is_not_executed(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    model = keras.Sequential([keras.Input((4, 4, 1)), kl.Flatten(), kl.Lambda(lambda x: x)])
    model.add(kl.Dense(2))
    model.save(tmp_path / "model.keras")
    assert "(Lambda) is not one that a spec has" in refused(tmp_path / "model.keras")


def test_keras_is_not_given_a_file_that_names_another_module(saved: Path, tmp_path: Path) -> None:
    from cnnspec.importing.compare import compare

    def change(config: Any) -> None:
        layer(config, "Conv2D")["module"] = "antigravity"

    comparison = compare(import_file(changed(saved, tmp_path, change)))
    assert "it names the module antigravity" in comparison.reason


def test_a_model_of_a_class_of_its_own_is_refused(saved: Path, tmp_path: Path) -> None:
    def change(config: Any) -> None:
        config["class_name"] = "MyModel"

    assert "`MyModel`" in refused(changed(saved, tmp_path, change))


def test_an_output_among_its_own_inputs_is_refused(tmp_path: Path) -> None:
    image = keras.Input((4, 4, 1))
    value = kl.Dense(2, name="b")(kl.Flatten(name="a")(image))
    config = json.loads(keras.Model(image, value).to_json())
    history = layer(config, "Flatten")["inbound_nodes"][0]["args"][0]["config"]["keras_history"]
    history[0] = "b"
    path = tmp_path / "model.json"
    path.write_text(json.dumps(config))
    assert "among its own inputs" in refused(path)


def test_a_function_that_keras_2_computed_otherwise_is_refused(tmp_path: Path) -> None:
    # 0.2x + 0.5 there, x/6 + 0.5 in Keras 3, which loads the file without a word.
    config = json.loads(sequential(kl.Conv2D(4, 3, activation="hard_sigmoid")).to_json())
    path = tmp_path / "model.json"
    path.write_text(json.dumps(config | {"keras_version": "2.15.0"}))
    assert "Keras 2's hard_sigmoid" in refused(path)
    path.write_text(json.dumps(config))
    assert "conv 4x3 hard_sigmoid" in import_file(path).text


def test_several_outputs_are_refused(tmp_path: Path) -> None:
    image = keras.Input((4, 4, 1))
    flat = kl.Flatten()(image)
    path = tmp_path / "model.json"
    path.write_text(keras.Model(image, [kl.Dense(2)(flat), kl.Dense(3)(flat)]).to_json())
    assert "has 2 outputs" in refused(path)


def test_a_network_without_classes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    image = keras.Input((8, 8, 1))
    path.write_text(keras.Model(image, kl.Conv2D(4, 3)(image)).to_json())
    assert "the network ends in 6x6x4" in refused(path)


def test_data_of_another_size_is_told_to_be_the_option(saved: Path) -> None:
    with pytest.raises(CnnspecError) as caught:
        import_file(saved, data="mnist")
    (problem,) = caught.value.diagnostics
    assert problem.message == (
        "images of mnist are 28x28x1 in 10 classes, and the model takes 12x12x2 in 3"
    )
    assert problem.help == "name data of your own with `--data`, or leave it out"
    for data in ("none", "my/pictures"):
        assert import_file(saved, data=data).checked.ok


def test_an_open_size_asks_for_it(tmp_path: Path) -> None:
    image = keras.Input((None, None, 3))
    path = tmp_path / "model.json"
    path.write_text(keras.Model(image, kl.Dense(2)(kl.GlobalMaxPooling2D()(image))).to_json())
    assert refused(path) == "the model takes images of ?x?x3"
    assert refused(path, size=(8, 8, 1)) == "the model takes images of ?x?x3, not of 8x8x1"


def test_other_files_are_refused(tmp_path: Path) -> None:
    texts = {
        "nothing.keras": b"",
        "text.json": b"conv 8x3",
        "list.json": b"[1, 2]",
        "number.json": b"7",
        "deep.json": b"[" * 100_000,
        "other.json": b'{"class_name": "Sequential", "config": {"layers": []}}',
        "short.h5": b"\x89HDF\r\n\x1a\n" + bytes(20),
    }
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("readme.txt", "nothing")
    texts["other.zip"] = archive.getvalue()
    for name, data in texts.items():
        (tmp_path / name).write_bytes(data)
        assert "cannot import" in refused(tmp_path / name), name
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["x_train"] = [1, 2]
    assert "not a model" in refused(tmp_path / "data.h5")
    assert "cannot import" in refused(tmp_path / "missing.keras")


def test_what_would_unpack_to_too_much_is_not_unpacked(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keras_file, "MAX_CONFIG", 1000)
    assert "`config.json` in it unpacks to" in refused(saved)


def test_a_network_of_too_many_layers_is_refused(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keras_config, "MAX_CALLS", 3)
    assert "more than 3 layers" in refused(saved)


def test_damaged_files_are_errors(saved: Path, tmp_path: Path) -> None:
    data = saved.read_bytes()
    draw = random.Random(5)
    path = tmp_path / "damaged.keras"
    for _ in range(100):
        damaged = bytearray(data)
        if draw.random() < 0.3:
            del damaged[draw.randrange(len(damaged)) :]
        for _ in range(draw.randrange(1, 20)):
            if damaged:
                damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        path.write_bytes(damaged)
        with suppress(CnnspecError):
            import_file(path)


def test_damaged_configurations_are_errors(saved: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(saved) as archive:
        text = archive.read("config.json").decode()
    draw = random.Random(6)
    path = tmp_path / "model.json"
    values = [None, -1, 0, 1.5, "x", [], {}, [1, [2]], {"class_name": "Dense"}, 10**30, True]
    for _ in range(300):
        config = json.loads(text)
        holder: Any = config
        for _ in range(draw.randrange(1, 9)):
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not keys:
                break
            key = draw.choice(keys)
            if not isinstance(holder[key], dict | list) or draw.random() < 0.2:
                holder[key] = draw.choice(values)
                break
            holder = holder[key]
        path.write_text(json.dumps(config))
        with suppress(CnnspecError):
            import_file(path)
