"""The lints: functions that yield warnings. `analysis/lint.py` has the table of them.

What a warning says is a class in `diagnostics/`, `layer_lints.py`, `size_lints.py`,
`training_lints.py` or `value_lints.py`.
"""
