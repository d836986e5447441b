"""Make the demo table: programs chosen by a few visible tests, judged on every input.

A task is a hidden target function of two inputs x and y in 0..15, written as a random program:
a Python expression of ``+``, ``-``, ``*``, ``min``, ``max`` and ``a if p < q else b`` over x, y
and the constants 0..15. Every step of a target matters: wherever one is replaced by one of its
own parts, at least a fifth of all outputs change.

A candidate is what an imperfect programmer hands in: the target after a random number of random
edits (none with probability 1/5, four on average). Half of the edits forget a step (a step
shrinks to one of its parts), half rewrite a part from scratch. The programmer never sees a test,
and the candidates of a task are independent draws from one distribution, like samples of a policy.

Three columns score the same programs:

``proxy_visible``  share of 8 visible tests passed, minus 0.002 per symbol of length. The tests
                   are the inputs somebody tries by hand: x and y in {0, 1, 2}.
``proxy_fair``     the same score with 8 tests drawn uniformly from all 256 inputs.
``gold``           share of all 256 inputs on which the program agrees with the target.

This is reinforcement learning with verifiable rewards in small: the reward is a handful of tests,
the goal is the specification, and among programs that pass, a price for length decides, as length
penalties do in training. The price never buys a test (31 symbols cost less than one test of 8),
so a correct program always outranks one that fails a test. Yet small inputs leave whole branches
untested (what ``max(x, 9)`` does with x = 12), and the shortest program that passes is then often
one that dropped such a branch: pushed gently, the visible tests weed out wrong programs; pushed
hard, they look for the shortcut. Nothing distinguishes the two scores but where the tests lie.

Run ``python examples/demo/make_demo.py`` to write the table that ships with the package anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from overopt.demo import table_path

if TYPE_CHECKING:
    import pyarrow as pa

SEED = 1
TASKS = 150
CANDIDATES = 64
INPUTS = 16  # x and y each run over 0..15
SMALL = 3  # visible tests have x and y below this
TESTS = 8
LENGTH_PRICE = 0.002  # per symbol; LONGEST symbols must cost less than one test
LONGEST = 31  # at most 16 leaves, so no value exceeds 15**16 < 2**63 and int64 is exact
TARGET_LENGTH = range(11, 24)
TARGET_DEPTH = 4
MATTERS = 0.2  # least share of outputs that change when a step of the target is forgotten
STOP = 0.2  # chance that the programmer stops before the next edit
FORGET = 0.5  # share of edits that forget a step; the others rewrite a part
LEAF = 0.15  # chance that a random part is a leaf before the depth is used up

IntVector = npt.NDArray[np.int64]

X, Y = np.divmod(np.arange(INPUTS**2), INPUTS)
SMALL_INPUTS = np.flatnonzero((X < SMALL) & (Y < SMALL))


class Step(NamedTuple):
    """One operation and the programs that it combines."""

    operation: str
    parts: tuple[Program, ...]


Program = Step | str  # a leaf is "x", "y" or a number


class Operation(NamedTuple):
    """How an operation is written in Python, what it computes, and how many parts it takes."""

    source: str
    value: Callable[..., IntVector]
    parts: int = 2


def _branch(p: IntVector, q: IntVector, a: IntVector, b: IntVector) -> IntVector:
    return np.where(p < q, a, b)


OPERATIONS = {
    "add": Operation("({} + {})", np.add),
    "subtract": Operation("({} - {})", np.subtract),
    "multiply": Operation("({} * {})", np.multiply),
    "min": Operation("min({}, {})", np.minimum),
    "max": Operation("max({}, {})", np.maximum),
    "if": Operation("({2} if {0} < {1} else {3})", _branch, 4),
}
NAMES = tuple(OPERATIONS)


def source(program: Program) -> str:
    """The program as a Python expression."""
    if isinstance(program, str):
        return program
    return OPERATIONS[program.operation].source.format(*map(source, program.parts))


def length(program: Program) -> int:
    """Number of symbols: leaves and steps."""
    return 1 if isinstance(program, str) else 1 + sum(map(length, program.parts))


def values(program: Program) -> IntVector:
    """Outputs for every input: [256]."""
    if isinstance(program, Step):
        return OPERATIONS[program.operation].value(*map(values, program.parts))
    return X if program == "x" else Y if program == "y" else np.full(len(X), int(program))


def places(program: Program) -> Iterator[tuple[Program, Callable[[Program], Program]]]:
    """Every part of a program, with the function that puts another one in its place."""
    yield program, lambda new: new
    if isinstance(program, Step):
        for position, part in enumerate(program.parts):
            for inner, put in places(part):
                yield inner, _in_step(program, position, put)


def _in_step(
    step: Step, position: int, put: Callable[[Program], Program]
) -> Callable[[Program], Program]:
    before, after = step.parts[:position], step.parts[position + 1 :]
    return lambda new: Step(step.operation, (*before, put(new), *after))


def shortened(program: Program) -> list[Program]:
    """Every program in which one step is forgotten: replaced by one of its own parts."""
    return [
        put(part) for step, put in places(program) if isinstance(step, Step) for part in step.parts
    ]


def random_program(rng: np.random.Generator, depth: int) -> Program:
    """A random program with at most ``depth`` nested steps."""
    if depth == 0 or rng.random() < LEAF:
        return ("x", "y", str(rng.integers(INPUTS)))[rng.integers(3)]
    name = NAMES[rng.integers(len(NAMES))]
    parts = range(OPERATIONS[name].parts)
    return Step(name, tuple(random_program(rng, depth - 1) for _ in parts))


def random_target(rng: np.random.Generator) -> Program:
    """The first random program of the right length in which every step matters."""
    while True:
        target = random_program(rng, TARGET_DEPTH)
        if length(target) in TARGET_LENGTH and _every_step_matters(target):
            return target


def _every_step_matters(target: Program) -> bool:
    wanted = values(target)
    return all(np.mean(values(other) != wanted) >= MATTERS for other in shortened(target))


def attempt(rng: np.random.Generator, target: Program) -> Program:
    """What an imperfect programmer hands in: the target after a random number of edits."""
    program = target
    for _ in range(rng.geometric(STOP) - 1):
        edited = _edited(rng, program)
        if length(edited) <= LONGEST:
            program = edited
    return program


def _edited(rng: np.random.Generator, program: Program) -> Program:
    shorter = shortened(program)
    if shorter and rng.random() < FORGET:
        return shorter[rng.integers(len(shorter))]
    everywhere = [put for _, put in places(program)]
    return everywhere[rng.integers(len(everywhere))](random_program(rng, depth=1))


def task_columns(task: int) -> dict[str, list[Any]]:
    """The rows of one task, column by column; each task has its own stream of random numbers."""
    rng = np.random.default_rng([SEED, task])
    target = random_target(rng)
    visible = rng.choice(SMALL_INPUTS, TESTS, replace=False)
    fair = rng.choice(INPUTS**2, TESTS, replace=False)
    programs = [attempt(rng, target) for _ in range(CANDIDATES)]
    right = np.array([values(program) for program in programs]) == values(target)
    price = LENGTH_PRICE * np.array([length(program) for program in programs])
    return {
        "prompt_id": [f"task-{task:03d}"] * CANDIDATES,
        "candidate_id": list(range(CANDIDATES)),
        "proxy_visible": list(right[:, visible].mean(axis=1) - price),
        "proxy_fair": list(right[:, fair].mean(axis=1) - price),
        "gold": list(right.mean(axis=1)),
        "target": [source(target)] * CANDIDATES,
        "text": [source(program) for program in programs],
    }


def demo_table(tasks: int = TASKS) -> pa.Table:
    """The first ``tasks`` tasks of the demo table, one row per candidate."""
    import pyarrow as pa

    return pa.concat_tables(pa.table(task_columns(task)) for task in range(tasks))


def main() -> None:
    """Write the table that ships with the package."""
    import pyarrow.parquet as pq

    table = demo_table()
    pq.write_table(table.combine_chunks(), table_path(), compression="zstd", compression_level=19)
    print(f"{table_path()}: {table.num_rows} rows, {table_path().stat().st_size} bytes")


if __name__ == "__main__":
    main()
