"""What `cnnspec new` writes is not only right: it trains, and to something better than chance."""

import re

import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.service.templates import TEMPLATES, template
from cnnspec.training.backends.choose import start
from cnnspec.training.session import train
from tests.targets.c.support import needs_compiler

BACKENDS = [
    pytest.param("native", marks=needs_compiler),
    pytest.param("tensorflow", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_trains(name, backend, tmp_path):
    text = re.sub(r"epochs \d+", "epochs 1", template(name).text)
    outcome = train(check(Source(name, text)), tmp_path, start(backend), offline=True)
    assert len(outcome.state.history) == 1
    assert outcome.scores["test"].accuracy > 0.1
