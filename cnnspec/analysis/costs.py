"""What a network costs, and what its budgets say of it."""

from typing import Any, ClassVar

from cnnspec.core.record import Record
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.graph.graph import Graph
from cnnspec.ir.claims import BYTES, UPPER, Budget


class Totals(Record):
    """What the whole network costs; the quantities a budget can limit."""

    ignored: ClassVar[tuple[str, ...]] = ("graph", "model")
    memos: ClassVar[tuple[str, ...]] = ("_int8", "_arena", "_arena8", "_file_float32", "_file_int8")

    params: int
    trainable: int
    macs: int
    depth: int
    graph: Graph
    """What memory is planned for when that is asked for: a sweep mostly does not."""
    model: str = "model"
    """Its name, which is in the name of every tensor of a `.tflite` file."""

    def of(self, budget: Budget) -> int:
        """The value that a budget limits."""
        dtype = budget.dtype or "float32"
        if budget.runtime:
            return self.on_runtime(budget.quantity, dtype)
        if budget.quantity == "flash":
            return self.flash(dtype)
        if budget.quantity == "ram":
            return self.ram(dtype)
        value: int = getattr(self, budget.quantity)
        return value

    def flash(self, dtype: str = "float32") -> int:
        """Returns the bytes of the weights; in int8 with biases of four bytes and tables."""
        if dtype != "int8":
            return self.params * BYTES[dtype]
        from cnnspec.program.inference import integer_program
        from cnnspec.program.integer_size import constants_by_step

        return self.memo("_int8", lambda: sum(constants_by_step(integer_program(self.graph))))

    def ram(self, dtype: str = "float32") -> int:
        """Returns the bytes of the arena that inference of one image needs."""
        from cnnspec.program.inference import inference_plan

        if dtype == "int8":
            return self.memo("_arena8", lambda: inference_plan(self.graph, dtype).peak)
        numbers = self.memo("_arena", lambda: inference_plan(self.graph).peak // BYTES["float32"])
        return numbers * BYTES[dtype]

    def on_runtime(self, quantity: str, dtype: str) -> int:
        """Returns the flash or RAM that TensorFlow Lite Micro needs, by formula.

        The first is the `.tflite` file, so it is that of LiteRT as well.
        """
        from cnnspec.runtimes.operators import file_of
        from cnnspec.runtimes.table import taken

        file = self.memo(f"_file_{dtype}", lambda: file_of(self.graph, self.model, dtype))
        return taken(file, quantity)

    def counted(self) -> dict[str, int]:
        """Every quantity that needs no plan of memory, by its name; flash in bytes, as float32."""
        counted = {name: getattr(self, name) for name in ("params", "trainable", "macs")}
        return counted | {"flash": self.params * BYTES["float32"], "depth": self.depth}

    def dump(self) -> dict[str, int]:
        """Every quantity by its name; flash and RAM in bytes, as float32."""
        counted = self.counted()
        depth = counted.pop("depth")
        return counted | {"ram": self.ram(), "depth": depth}


class BudgetResult(Record):
    """A budget and what it is measured against."""

    budget: Budget
    value: int

    @property
    def holds(self) -> bool:
        """Whether the budget is kept."""
        return self.budget.holds(self.value)

    @property
    def error(self) -> float | None:
        """How far off the value may be, as a share of it; `None` where it is exact."""
        if not self.budget.runtime:
            return None
        from cnnspec.runtimes.table import ERRORS

        return ERRORS[self.budget.quantity]

    @property
    def share(self) -> float | None:
        """How much of the budget is used: 1 for all of it; `None` for a lower limit."""
        if self.budget.relation not in UPPER or self.budget.limit <= 0:
            return None
        return self.value / self.budget.limit


class FittedValue(Record):
    """The value that was found for a `fit`, and what keeps it from the next one.

    `values` are the next value and those of the names after it with which it was tried;
    without any, there is no next value. `broken` are the budgets that are not kept then, and
    `reason` says by how much, or what else is wrong.
    """

    name: str
    value: int
    values: dict[str, int]
    broken: tuple[Budget, ...]
    reason: str

    def dump(self) -> dict[str, Any]:
        """The value as JSON."""
        broken = [str(budget) for budget in self.broken]
        following = {"values": self.values, "breaks": broken, "reason": self.reason}
        return {"name": self.name, "value": self.value, "next": following if self.values else None}


def totals(graph: Graph, model: str) -> Totals:
    """Sums, the longest path, and the memory of inference."""
    params = trainable = macs = 0
    for call in graph.layers:
        params += call.params
        trainable += call.trainable
        macs += call.macs
    return Totals(params, trainable, macs, depth=graph.depth(), graph=graph, model=model)


def refused(budget: Budget, graph: Graph) -> Diagnostic | None:
    """The error of a budget on a runtime that cannot run the network; `None` where it can."""
    if not budget.runtime:
        return None
    from cnnspec.runtimes.table import RUNTIMES, refusals

    found = next(refusals(graph, budget.runtime, budget.dtype or "float32"), None)
    if found is None:
        return None
    from cnnspec.diagnostics.claims import CannotRunThere

    call, word, reason = found
    return CannotRunThere(
        budget.span,
        subject=budget.subject,
        title=RUNTIMES[budget.runtime].title,
        word=word,
        reason=reason,
        layer=call.span,
    )


def over_budget(verdict: BudgetResult, graph: Graph) -> Diagnostic:
    """The error of a budget that does not hold."""
    # Here, for most checks find none.
    from cnnspec.diagnostics.claims import OverBudget

    budget = verdict.budget
    return OverBudget(
        budget.span,
        quantity=budget.subject,
        value=f"{verdict.value:,}",
        relation=budget.relation,
        limit=f"{budget.limit:,.12g}",
        costliest=_costliest(budget, graph) if budget.relation in UPPER else "",
    )


def _costliest(budget: Budget, graph: Graph) -> str:
    """The three layers that cost most of what the budget limits."""
    if budget.runtime and budget.quantity == "ram":
        return ""
    calls = graph.layers
    counted: dict[str, list[int]] = {
        "params": (params := [call.params for call in calls]),
        "flash": params,
        "trainable": [call.trainable for call in calls],
        "macs": [call.macs for call in calls],
    }
    if budget.quantity == "ram":
        from cnnspec.program.inference import inference_plan

        plan = inference_plan(graph, budget.dtype or "float32")
        names = [step.name for step in plan.program.steps]
        ranked = zip(plan.live, names, strict=True)
    elif budget.subject == "flash int8":
        from cnnspec.program.inference import integer_program
        from cnnspec.program.integer_size import constants_by_step

        program = integer_program(graph)
        names = [step.name for step in program.steps]
        ranked = zip(constants_by_step(program), names, strict=True)
    elif budget.quantity in counted:
        ranked = zip(counted[budget.quantity], (call.name for call in calls), strict=True)
    else:
        return ""
    most = sorted(ranked, key=lambda pair: -pair[0])[:3]
    return ", ".join(f"{name} {cost:,}" for cost, name in most if cost)
