"""A run folder to what runs its network without a framework."""

from cnnspec.analysis.check import CheckedSpec
from cnnspec.analysis.load import checked
from cnnspec.program.inference import inference_program
from cnnspec.runs.run import Run
from cnnspec.runs.weights import read_weights
from cnnspec.targets.interpreter.run import Interpreter


def restore(run: Run, dtype: str = "float32") -> tuple[CheckedSpec, Interpreter]:
    """Returns the spec of a run and its inference program with the weights it ended with.

    Raises `CnnspecError` where the run has not finished or its weights are damaged.
    """
    result = checked(run.spec)
    return result, Interpreter(inference_program(result.graph), read_weights(run), dtype)
