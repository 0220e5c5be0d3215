"""Graph to the program that targets run, after every pass, and its memory plan."""

from cnnspec.graph.graph import Graph
from cnnspec.ir.claims import BYTES
from cnnspec.program.build import Program, build_program
from cnnspec.program.memory_plan import MemoryPlan, memory_plan
from cnnspec.program.order import order_for_memory
from cnnspec.program.passes import for_inference, for_integers, without_fusion
from cnnspec.program.usage import possible_lines


def inference_program(graph: Graph) -> Program:
    """Returns the program of a graph without errors, after every pass."""
    return order_for_memory(for_inference(build_program(graph)))


def integer_program(graph: Graph) -> Program:
    """Returns the program of a graph without errors as it is run in int8."""
    return order_for_memory(for_integers(build_program(graph)))


def unfused_program(graph: Graph) -> Program:
    """Returns the program of a graph without errors, nothing fused but batch norm."""
    return without_fusion(build_program(graph))


def _program(graph: Graph, dtype: str) -> Program:
    return integer_program(graph) if dtype == "int8" else inference_program(graph)


def inference_plan(graph: Graph, dtype: str = "float32", alignment: int = 1) -> MemoryPlan:
    """Returns the memory plan of the program that is run in `dtype`."""
    program = _program(graph, dtype)
    return memory_plan(program, dtype, alignment)


def least_ram(graph: Graph, dtype: str = "float32") -> int:
    """Returns the bytes of the largest value that is whole in every plan.

    No arena is smaller, and unlike the arena, which is found by trying, it never shrinks where a
    layer gets wider.
    """
    program = _program(graph, dtype)
    lines = possible_lines(program)
    sizes = [s.value.shape.size for i, s in enumerate(program.steps) if i not in lines]
    return max(sizes) * BYTES[dtype]
