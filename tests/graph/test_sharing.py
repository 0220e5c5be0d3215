"""Shared repeats within others, and what merges add to several of their branches."""

import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source

HEAD = 'data "x.npz"; input 8x8x2; classes 10'


def calls(text):
    result = check(Source("x", f"{HEAD}\n{text}\nflatten; dense 10 softmax"))
    assert result.ok, result.problems
    return {call.name: (call.params, call.weights_from) for call in result.layers[:-2]}


# conv 2x3 on two channels has 3*3*2*2 + 2 = 38 weights.
def test_shared_repeat_in_a_shared_one_has_one_set_of_weights():
    found = calls("repeat 2 shared { repeat 2 shared { conv 2x3 same } }")
    others = {f"conv@{time}": (0, "conv") for time in (2, 3, 4)}
    assert found == {"conv": (38, ""), **others}


def test_shared_repeat_three_deep_counts_each_layer_once():
    deep = "repeat 2 shared { bn; repeat 2 shared { repeat 2 shared { conv 2x3 same } } }"
    found = calls(deep)
    assert len(found) == 2 + 8
    assert sum(params for params, _ in found.values()) == 38 + 4 * 2
    assert {owner for _, owner in found.values()} == {"", "bn", "conv"}


def test_shared_repeat_in_a_plain_one_has_weights_for_each_round():
    found = calls("repeat 2 { repeat 2 shared { conv 2x3 same } }")
    assert found == {
        "conv": (38, ""),
        "conv@2": (0, "conv"),
        "conv_2": (38, ""),
        "conv_2@2": (0, "conv_2"),
    }


def test_shared_repeat_with_a_layer_that_the_first_round_does_not_need_shares_it_later():
    body = "residual project { resize 4 }; resize 8"
    found = calls(f"resize 4; repeat 3 shared {{ {body} }}")
    # Only from the second round on is the image of another size: 2*2 + 2 = 6 weights.
    assert found["add.project"] == (6, "")
    assert found["add.project@2"] == (0, "add.project")


def test_use_of_a_shared_layer_avoids_a_name_that_the_text_gives():
    found = calls('conv 2x3 same name="bn@2"; repeat 2 shared { bn }')
    assert found["bn@3"] == (0, "bn")


@pytest.mark.parametrize(
    ("text", "added"),
    [
        ("add project { branch { conv 4x1 }; branch { }; branch { } }", "add.project"),
        ("multiply { branch { }; branch { gap }; branch { gmp } }", "multiply.gate"),
    ],
)
def test_merge_names_each_layer_it_adds(text, added):
    found = calls(text)
    assert {added, f"{added}_2"} < set(found)
    assert found[added] == found[f"{added}_2"]
