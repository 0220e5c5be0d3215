"""Guided sweeps: `cnnspec search`, where results decide which points are trained next.

`goal` says what is looked for, `samplers` propose points, `proposals` has the checker accept them,
`journal` keeps what was proposed, `drive` trains, `picks` finds the best within each budget. Not to
be confused with the search for a `fit` (`analysis/search.py`), which trains nothing.
"""
