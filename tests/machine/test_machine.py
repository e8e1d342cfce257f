"""Whatever conda, pip and we do to an environment, in any order: nothing is lost, all is told.

`MACHINE_SEED` is where the random sequences begin. What fails prints its steps, to be tried with
`python -m tests.machine 'STEP' 'STEP' …`, and to be added to `FAILED` once it is mended.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import ClassVar, Final

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.machine.play import Stage, open_stage
from tests.machine.steps import Steps
from tests.machine.world import World

pytestmark = pytest.mark.e2e

SEED = int(os.environ.get("MACHINE_SEED", "1"))

_OVERRIDE: Final = "conda install beta=2.0; pip install beta==3.0; conda pip reconcile"
_AGAIN: Final = "conda install beta=2.0; conda install --force-reinstall beta"
_LOSS: Final = "conda install beta=2.0; pip uninstall beta; bare conda list"
_BESIDE: Final = "pip install --ignore-installed --no-deps alpha==2.0"
FAILED: Final = (
    # undo left what conda had linked: the record of a settled override lists pip's files
    f"{_OVERRIDE}; conda pip restore beta; conda pip undo",
    # undo left what conda had compiled: a lost record that is written anew does not list it
    f"{_LOSS}; conda pip repair; conda pip undo",
    # undo left the section that conda wrote after one without packages: all of them once more
    f"{_AGAIN}; pip uninstall beta; conda pip repair; conda pip undo",
    # nothing told of older metadata in a copy: a script there is as no RECORD states
    f"pip install alpha; conda rename; {_BESIDE}; conda clone",
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with open_stage(tmp_path_factory.mktemp("machine")) as opened:
        yield opened


class Machine(RuleBasedStateMachine):
    """One sequence: an environment with Python and pip, and a few projects."""

    stage: ClassVar[Stage]

    def __init__(self) -> None:
        super().__init__()
        self.entered = self.stage.make_world()
        self.world: World = self.entered.__enter__()

    @initialize(data=st.data())
    def choose_projects(self, data: st.DataObject) -> None:
        """Choose what all steps are about."""
        self.steps = Steps.about_few(lambda found: data.draw(st.sampled_from(found)))

    @rule(data=st.data())
    def do(self, data: st.DataObject) -> None:
        """Do any step."""
        self.world.do(self.steps.choose(lambda found: data.draw(st.sampled_from(found))))

    def teardown(self) -> None:
        """Undo and repair all, and remove the environment."""
        try:
            if not self.world.broken:
                self.world.finish()
        finally:
            self.entered.__exit__(None, None, None)


def run_machine(stage: Stage, *, number: int, sequences: int, steps: int) -> None:
    """Without shrinking: each try would take as long as the failure itself."""
    Machine.stage = stage
    run_state_machine_as_test(
        seed(1000 * SEED + number)(Machine),
        settings=settings(
            max_examples=sequences,
            stateful_step_count=steps,
            phases=(Phase.generate,),
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("steps", FAILED)
def test_what_failed_once(stage: Stage, steps: str) -> None:
    stage.play(steps.split("; "))


def test_a_hundred_steps(stage: Stage) -> None:
    run_machine(stage, number=0, sequences=4, steps=25)


@pytest.mark.faults
@pytest.mark.parametrize("number", range(1, 9))
def test_thousands_of_steps(stage: Stage, number: int) -> None:
    run_machine(stage, number=number, sequences=12, steps=30)
