"""The text about an answer to a picture: the top three, the preparation, whether to doubt it."""

import numpy as np

from cnnspec.runs.answers import Answer


def probable(outputs: np.ndarray) -> bool:
    """Whether the outputs of a network (classes,) are probabilities."""
    return bool(outputs.min() >= 0 and abs(float(outputs.sum()) - 1) < 1e-3)


def top_three(answer: Answer) -> list[str]:
    """The best classes with their outputs: `7  99.8 %`."""
    percent = probable(answer.outputs)
    return [
        f"{label}  {value:.1%}".replace("%", " %") if percent else f"{label}  {value:.4g}"
        for label, value in answer.top
    ]


def done(answer: Answer) -> str:
    """The preparation of the picture, in words."""
    return ", ".join(answer.steps) or "nothing done: it is framed as the training images are"


def doubt_of(answer: Answer) -> str:
    """Why an answer is doubted; empty where it is not."""
    if not answer.doubted or answer.doubt is None or answer.distance is None:
        return ""
    return (
        f"doubt: unlike the training images, {answer.distance:.1f} times the distance that "
        f"{answer.doubt.share} of the {answer.doubt.split} images exceed"
    )
