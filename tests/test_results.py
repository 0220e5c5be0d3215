"""The table of results in the README is that of the runs that were kept."""

from tests.results.table import BEGIN, END, README, kept, key, table


def test_the_readme_shows_what_was_measured() -> None:
    _, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    assert rest.partition(END)[0].strip() == table().strip()


def test_every_result_is_of_the_spec_as_it_is() -> None:
    assert {result["spec"] for result in kept() if result["text"] != key(result["spec"])} == set()
