"""Play sequences by hand: `python -m tests.machine 'STEP' 'STEP' …`, or random ones, and shrink.

`python -m tests.machine --random SECONDS SEED` plays random sequences, and prints the shortest
form of each that fails, one for each kind of failure.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.machine.play import Stage, open_stage
from tests.machine.steps import Steps


def try_steps(stage: Stage, steps: list[str]) -> tuple[str, str, list[str]]:
    """Play steps; the label of what failed, all that is told, and the steps up to there."""
    with stage.make_world() as world:
        try:
            for step in steps:
                world.do(step)
            world.finish()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a failure
            text = str(error)
            label = (
                text.partition(":")[0][:60]
                if isinstance(error, AssertionError)
                else repr(error)[:60]
            )
            return label, text, [one for one in world.done if one in steps]
    return "", "", steps


def shrink(stage: Stage, steps: list[str], label: str) -> tuple[list[str], str]:
    text = ""
    at = len(steps) - 1
    while at >= 0:
        shorter = steps[:at] + steps[at + 1 :]
        found, told, done = try_steps(stage, shorter)
        if found == label:
            steps, text = done, told
            at = min(at, len(steps))
        at -= 1
    return steps, text


def main(arguments: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder, open_stage(Path(folder)) as stage:
        if arguments[0] == "--shell":  # and let a person look
            with stage.make_world() as world:
                for step in arguments[1:]:
                    world.do(step)
                    print(world.console.output)
                print(world.prefix)
                input()
            return
        if arguments[0] != "--random":
            begun = time.perf_counter()
            label, text, _ = try_steps(stage, arguments)
            print(text or f"fine, {time.perf_counter() - begun:.1f} s")
            sys.exit(bool(label))
        seconds, seed = float(arguments[1]), int(arguments[2])
        end, total, seen = time.monotonic() + seconds, 0, set()
        while time.monotonic() < end:
            generator = random.Random(seed)  # noqa: S311 - a repeatable one
            few = Steps.about_few(generator.choice)
            steps = [few.choose(generator.choice) for _ in range(25)]
            label, text, done = try_steps(stage, steps)
            total += len(done)
            print(f"seed {seed}: {len(done)} steps", file=sys.stderr, flush=True)
            if label:
                print(f"== seed {seed}: {text[:3000]}", flush=True)
                if label not in seen and "--shrink" in arguments:
                    seen.add(label)
                    shorter, told = shrink(stage, done, label)
                    print(f"== shrunk: {json.dumps(shorter)}\n{told or text}", flush=True)
            seed += 1
        print(f"{total} steps, next seed {seed}")


if __name__ == "__main__":
    main(sys.argv[1:])
