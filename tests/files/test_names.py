import pytest

from cnnspec.files.names import folder_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("lenet5", "lenet5"),
        ("my net: 2", "my-net-2"),
        ("../a/b", "a-b"),
        ("größe", "größe"),
        ("..", ""),
        # Devices of Windows, of which no file can have the name, whatever its ending is.
        ("con", "con_"),
        ("AUX.x", "AUX_.x"),
        ("com1", "com1_"),
        ("con-1", "con-1"),
        ("contour", "contour"),
        ("com10", "com10"),
        ("a.con", "a.con"),
    ],
)
def test_a_text_becomes_a_folder_that_every_system_can_make(text: str, name: str) -> None:
    assert folder_name(text) == name
