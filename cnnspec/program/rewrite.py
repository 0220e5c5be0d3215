"""What passes on programs have in common."""

from collections.abc import Callable

from cnnspec.program.build import Program, Step

Pass = Callable[[Program], Program]


def without(program: Program, dropped: set[int]) -> Program:
    """Removes steps from a program; steps that took their output take their input instead."""
    if not dropped:
        return program
    place: list[int] = []
    steps: list[Step] = []
    for index, step in enumerate(program.steps):
        inputs = tuple(place[source] for source in step.inputs)
        if index in dropped:
            place.append(inputs[0])
        else:
            place.append(len(steps))
            steps.append(step if inputs == step.inputs else step.replace(inputs=inputs))
    return program.replace(steps=tuple(steps), output=place[program.output])
