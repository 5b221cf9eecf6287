"""Say what is being done, step by step, with times; say what is wrong together with its cure."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Trouble(Exception):
    """Something that a person has to put right."""

    def __init__(self, problem: str, cure: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.cure = cure


class Step:
    """What one step found; printed when it ends."""

    def __init__(self) -> None:
        self.result = "ok"


def say(text: str = "") -> None:
    """Print a line at once."""
    print(text, flush=True)


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Print the title at once, and the result and the seconds when the block ends."""
    begun = time.monotonic()
    print(f"  {title:<22} ", end="", flush=True)
    one = Step()
    try:
        yield one
    except BaseException:
        print(f"FAILED {time.monotonic() - begun:6.1f} s", flush=True)
        raise
    print(f"{one.result} ({time.monotonic() - begun:.1f} s)", flush=True)


def tell(trouble: Trouble) -> None:
    """Print the problem and the cure."""
    sys.stdout.flush()
    print(f"\nProblem: {trouble.problem}", file=sys.stderr)
    if trouble.cure:
        print(f"Cure:    {trouble.cure}", file=sys.stderr)
