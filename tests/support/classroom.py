"""A class made up for tests and benchmarks: rules, and submissions that are right, wrong or unfair.

Every submission is a text that a student could hand in. The rules leave some settings open, so that
what is unfair must be found by more than a comparison with them.
"""

from pathlib import Path

from cnnspec.analysis.rules_file import read_rules
from cnnspec.classes.begin import Means, begin
from cnnspec.classes.folder import Class
from cnnspec.files.sources import read_source

MEANS = Means("native", jobs=1, threads=1, limit=900, offline=True)
RULES = """# What every submission must keep
data fashion_mnist_mini
allow conv dwconv pool dense dropout gap flatten bn relu
budget params <= 20k
budget macs <= 600k

train {
  epochs <= 3
  batch in 32, 64, 128
  validation 0.1
}

expect accuracy >= 0.5
"""

HEAD = "data fashion_mnist_mini"
FIXED = "expect accuracy >= 0.9"


def right(number: int) -> str:
    """A submission that keeps every static rule; each number is another network or setting."""
    filters = 3 + number % 7
    kernel = (3, 5)[number % 2]
    batch = (32, 64, 128)[number % 3]
    rate = ("1e-3", "3e-3", "5e-3")[number // 3 % 3]
    more = (
        "pool 2 same",
        f"pool 2 same\nconv {2 * filters}x3 same relu\npool 2 same",
        f"pool 2 same\ndwconv 3 same relu\nconv {2 * filters}x1 relu\npool 2 same",
    )[number % 3]
    return f"""model net{number}
{HEAD}
conv {filters}x{kernel} same relu stride=2
{more}
dense 10 softmax
{FIXED}
train {{ optimizer adam({rate}); batch {batch}; epochs 3 }}
"""


SAME = f"""{HEAD}
# the network that went round
conv 6x3 same relu
pool 4
dense 10 softmax
train {{ epochs 2 }}
"""
COPIES = {
    "hana": SAME,
    "ida": "model ours\n" + SAME.replace("# the network that went round", "# all mine"),
    "jan": f"{HEAD}\nconv 6x3 same; relu\npool 4; flatten; dense 10 softmax\ntrain {{ epochs 2 }}",
}
"""Three that are the same: but for names and comments, and as networks."""

BROKEN = {
    "word": right(1).replace("conv", "convolution", 1),
    "shape": f"{HEAD}\nconv 4x3 relu\npool 2\nconv 8x15 relu\ndense 10 softmax",
    "classes": right(2).replace("dense 10", "dense 9"),
    "layers": f"{HEAD}\nconv 4x3 relu\nlayer_norm\ndense 10 softmax\ntrain {{ epochs 2 }}",
    "large": f"{HEAD}\ndense 512 relu\ndense 10 softmax\ntrain {{ epochs 2 }}",
    "long": right(3).replace("epochs 3", "epochs 5000"),
    "batch": right(4).replace(f"batch {64}", "batch 50"),
    "binary": "\x00\x01\x02",
    "empty": "",
    "huge": f"{HEAD}\nrepeat i in 1..100000 {{ conv 8x3 same relu }}\ndense 10 softmax",
}
"""Broken in ten ways."""

DIVERGES = f"""{HEAD}
conv 4x3 relu
pool 4
dense 10
train {{ optimizer sgd(1e30); loss mse; epochs 3 }}
"""

SECRET = "SECRET-OUTSIDE"
"""A text that lies outside of the folder, and must be on no page."""

CHEATS = {
    "data": 'data "../outside"\nconv 4x3 relu\ndense 10 softmax\ntrain { epochs 2 }',
    "input": f"{HEAD}\ninput 14x14\nconv 4x3 relu\ndense 10 softmax\ntrain {{ epochs 2 }}",
    "fewer": "classes 2\nconv 4x3 relu\ndense 2 softmax\ntrain { epochs 2 }",
    "validates": f"{HEAD}\nconv 4x3 relu\npool 4\ndense 10 softmax\n"
    "train { epochs 3; validation test; early_stop val_accuracy patience=1 restore }",
    "stops": f"{HEAD}\nconv 4x3 relu\npool 4\ndense 10 softmax\n"
    "train { epochs 3; target accuracy 0.5 stop }",
    "claims": f"{HEAD}\npool 14\ndense 10 softmax\nexpect accuracy >= 0\n"
    "train { epochs 1; optimizer sgd(1e-6) }",
    "reads": f'{HEAD}\nuse "../outside/blocks.cnn"\ndense 10 softmax',
    "sweeps": f"{HEAD}\nlet n = 4\nconv (n)x3 relu\npool 4\ndense 10 softmax\n"
    "sweep { n in 1..60 }\ntrain { epochs 2; runs 50 }",
    "markup": f"{HEAD}\n# <script>alert(1)</script><img src=x onerror=alert(2)>\n"
    'model "<b>bold<b>"\nconv 4x3 rleu\ndense 10 softmax',
}
"""Those that try to cheat or to harm, each in one way."""


def write_class(folder: Path, rights: int) -> Path:
    """Writes rules and submissions into a folder; returns the folder of the submissions.

    `rights` are right, 10 are broken, 3 the same, one diverges, 9 try to cheat or to harm.
    """
    (folder / "rules.cnn").write_text(RULES)
    outside = folder / "outside"
    outside.mkdir()
    (outside / "blocks.cnn").write_text(f"# {SECRET}\n{SECRET} 1\n")
    home = folder / "submissions"
    home.mkdir()
    texts = {f"right{number:02}": right(number) for number in range(rights)}
    texts |= COPIES | {f"broken-{name}": text for name, text in BROKEN.items()}
    texts |= {"diverges": DIVERGES}
    texts |= {f"cheats-{name}": text for name, text in CHEATS.items()}
    for name, text in texts.items():
        (home / f"{name}.cnn").write_text(text)
    return home


def begin_class(rules: Path, home: Path, out: Path, **given: object) -> Class:
    """Judges the submissions in `home` by the file of rules, as `cnnspec class` does."""
    read = read_rules(read_source(str(rules)))
    return begin(read, home, out, MEANS, **{"overrides": {}, **given})
