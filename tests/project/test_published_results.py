"""The table of results in the README is that of the runs that were kept."""

from tests.results.grid import agreement, ranks
from tests.results.table import BEGIN, END, README, RESULTS, table


def test_the_readme_shows_what_was_measured() -> None:
    _, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    assert rest.partition(END)[0].strip() == table().strip()


def test_every_result_is_of_the_spec_as_it_is() -> None:
    rows = RESULTS.rows()
    assert {row["spec"] for row in rows if row["text"] != RESULTS.key(row["spec"])} == set()


def test_equal_figures_share_the_mean_of_their_ranks() -> None:
    assert ranks([0.9, 0.1, 0.9, 0.95]) == [2.5, 1, 2.5, 4]


def test_two_grids_are_compared_where_both_have_a_figure() -> None:
    published = {(str(point),): point / 100 for point in range(20)}
    own = {key: value + 0.001 for key, value in published.items()} | {("more",): 0.5}
    assert agreement(published, own)[:3] == ("20", "1.000", "+0.0010 ± 0.0000")
    assert agreement(published, own)[-1] == "10 of 10"
    turned = {key: 1 - value for key, value in published.items()}
    assert agreement(published, turned)[1] == "-1.000"
