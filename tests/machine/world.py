"""The steps that are done to an environment, each with what must hold after it."""

from __future__ import annotations

import json
import shlex
import shutil
from dataclasses import dataclass, replace
from typing import Any, Final

from packaging.version import Version

from conda_pip_interop.changes.undoing.operations import list_operations
from conda_pip_interop.environment.conda_meta.history import parse_revisions
from tests.machine import hands
from tests.machine.invariants import (
    describe_difference,
    find_claimed_removed,
    find_edits_lost,
    find_lost,
    find_not_as_planned,
    find_not_copied,
    find_unfulfilled,
    find_untrue,
)
from tests.machine.watched import Point, Watched
from tests.stories.alone import ALONE

_NOT_ASKING: Final = ("protect", "unprotect")
#: Every how many steps a command of ours is tried twice: it costs as much again.
_OFTEN: Final = 3


@dataclass(kw_only=True)
class World(Watched):
    """An environment, and the steps that are done to it."""

    # The steps

    def do(self, step: str) -> None:
        """Do one step, and look at what must hold after it."""
        self.done.append(step)
        words = step.split()
        match words:
            case ["conda", "pip", "undo", *rest]:
                self._undo(rest)
            case ["conda", "clone" | "rename" as verb]:
                self._copy(verb)
            case ["conda", "pip", *rest]:
                self._run_ours(rest)
            case ["conda", *rest]:
                self._run_conda(rest)
            case ["bare", "conda", *rest]:
                self._run_bare(rest)
            case ["dry", "conda", *rest]:
                self._run_dry(rest)
            case ["pip", *rest]:
                self._run_pip(rest)
            case ["paste", number]:
                self._paste(int(number))
            case [verb, number]:
                self._by_hand(verb, int(number))
            case _:
                raise ValueError(step)
        self._refuse(find_lost(self.prefix, self.mine))
        edits = self.edited.items()  # a copy has those of pip's files; conda links its own anew
        self.edited = {path: one for path, one in edits if self.seen.tree.get(path) == one}

    def finish(self) -> None:
        """Undo all that can be undone, then repair: nothing is left over that nothing cures."""
        while self.points:
            self.do("conda pip undo")
        self.do("conda pip repair")
        if not self._check():
            before = self.seen.claims.conda.keys()
            self.do("bare conda list")
            self._hold(
                "kept", self.seen.claims.conda.keys() == before, "conda list has lost a record"
            )
        done = self._conda(["install", "--dry-run", "python"])
        self._hold("usable", done.returncode == 0, "conda install --dry-run python fails")

    # How each kind is done

    def _run_ours(self, words: list[str]) -> None:
        before, operations = self.seen, self._operations()
        kinds, is_due = self._judge()
        document = "--json" if len(self.done) % 2 else ""
        more = () if words[0] in _NOT_ASKING else ("--yes", document)
        done = self._conda(["pip", *words], *more)
        self._see()
        if done.returncode != 0:
            self._look_failed(before, is_due=is_due)
            self._hold("silent", bool((done.stderr + done.stdout).strip()), "no reason")
            return
        if document in more:
            plan = json.loads(done.stdout)["plan"] if document else ()
            self._refuse(find_not_as_planned(plan, before, self.seen))
        if not self._differs(before):
            return
        if words[0] in _NOT_ASKING:
            self.points.clear()
            return
        self._look_changed(before, kinds)
        new = [one for one in self._operations() if one not in operations]
        if len(new) == 1:
            self.points.append(Point(operation=new[0], before=None if is_due else before.tree))
        else:
            self._hold("journal", is_due and not new, f"{len(new)} new operations")
            self.points.clear()
        self._refuse(find_claimed_removed(before, self.seen))
        self._refuse(find_unfulfilled(words, self.seen))
        is_idempotent = not {"--force-reinstall", "-e"} & set(words)
        if is_idempotent and len(self.done) % _OFTEN == 0:
            self._repeat(words)

    def _repeat(self, words: list[str]) -> None:
        """Twice does nothing the second time; what repair leaves has a remedy that is named."""
        once = self.seen
        self._conda(["pip", *words], "--yes")
        self._see()
        self._hold("twice", not self._differs(once), f"changed: {self._tell(once)}")
        if words[0] == "repair":
            self._check()

    def _undo(self, words: list[str]) -> None:
        before, operations = self.seen, self._operations()
        _, is_due = self._judge()
        pure = [one.operation for one in self.points]
        target, words = self._find_undone(words, operations)
        done = self._conda(["pip", "undo", *words], "--yes")
        self._see()
        if done.returncode != 0:
            self._hold("undo-refused", target not in pure, "refused though nothing followed")
            self._look_failed(before, is_due=is_due)
            self._hold("silent", bool(done.stderr.strip()), "no reason")
            return
        if target in pure:
            (point,) = (one for one in self.points if one.operation == target)
            difference = describe_difference(point.before or self.seen.tree, self.seen.tree)
            self._hold("undone", not difference, f"differs from before: {difference}")
            del self.points[pure.index(target) :]
        elif self._differs(before):
            self.points.clear()
        self._refuse(find_edits_lost(before, self.seen, self.edited))

    def _find_undone(self, words: list[str], operations: list[str]) -> tuple[str, list[str]]:
        """The oldest operation that is undone, automatic ones too, and the words with its name."""
        if not words or not operations:
            return (self.points[-1].operation if self.points else ""), []
        if words[0] == "--to":
            number = int(words[1]) % len(operations)
            every = [one[0].identifier for one in list_operations(self.prefix)]
            later = every[every.index(operations[number]) + 1 :]
            return (later[0] if later else ""), ["--to", operations[number]]
        return "", [operations[int(words[0]) % len(operations)]]

    def _run_conda(self, words: list[str]) -> None:
        before = self.seen
        kinds, is_due = self._judge()
        words = self._number_revision(words)
        done = self._conda(words)
        self._see()
        if done.returncode != 0:
            self._look_failed(before, is_due=is_due)
            bare = self._conda([*words, "--dry-run"], **ALONE)
            message = f"fails because of us: {done.stderr}"
            self._hold("hindered", bare.returncode != 0 or words[0] == "list", message)
        elif self._differs(before):
            self.points.clear()
            has_actions = Version(self.console.env.base.version) >= Version("25.5")
            self._look_changed(before, kinds, leaves_orphans=not has_actions)

    def _copy(self, verb: str) -> None:
        """Make a copy, and go on in it. What nothing was wrong with has lost nothing."""
        before, kinds, is_due = self.seen, *self._judge()
        told = set(map(_identify, self._check()))
        source = self.console.env
        copy = replace(source, name=f"{source.name}x")
        done = self.console.run(hands.word_copy(verb, source, copy))
        self._refuse(self.console.find_faults(done))
        if done.returncode != 0:
            self._see()
            shutil.rmtree(copy.prefix, ignore_errors=True)
            self._look_failed(before, is_due=is_due)
            bare = self.console.run(hands.word_copy("clone", source, copy), **ALONE)
            shutil.rmtree(copy.prefix, ignore_errors=True)
            self._hold("hindered", bare.returncode != 0, f"fails because of us: {done.stderr}")
            return
        if verb == "clone":
            self._see()
            is_same = is_due or not self._differs(before)  # else it was reconciled
            self._hold("source", is_same, f"changed: {self._tell(before)}")
            shutil.rmtree(source.prefix)
        self._hold("source", not source.prefix.exists(), "is still there")
        self.console.move_to(copy)
        self._see()
        self.points.clear()
        self._refuse(find_untrue(self.prefix, self.seen, self.edited))
        new = {one for one in map(_identify, self._check()) if one not in told}
        self._hold("copied", not new, f"new findings: {new}")
        if not kinds:
            self._refuse(find_not_copied(before, self.seen))

    def _run_bare(self, words: list[str]) -> None:
        before = self.seen
        self._conda(self._number_revision(words), **ALONE)
        self._see()
        if self._differs(before):
            self.points.clear()

    def _run_dry(self, words: list[str]) -> None:
        before, operations = self.seen, self._operations()
        if words[:2] == ["pip", "undo"]:
            _, rest = self._find_undone(words[2:], operations)
            words = ["pip", "undo", *rest]
        self._conda(self._number_revision(words), "--dry-run")
        self._see()
        self._hold("dry", not self._differs(before), f"changed: {self._tell(before)}")
        self._hold("dry", self._operations() == operations, "has written a journal")

    def _run_pip(self, words: list[str]) -> None:
        before = self.seen
        self.console.pip(words)
        self._see()
        if self._differs(before):
            self.points.clear()

    def _paste(self, number: int) -> None:
        """Run a command that a finding names: it works as it is printed, and ends the finding."""
        findings = self._check()
        commands = [(one, line) for one in findings for line in one["commands"]]
        if not commands:
            return
        finding, line = commands[number % len(commands)]
        before = self.seen
        done = self.console.run([*shlex.split(line)[1:], "--yes"])
        self._refuse(self.console.find_faults(done))
        self._see()
        self._hold("remedy", done.returncode == 0, f"{line} fails")
        left = [_identify(one) for one in self._check()]
        self._hold("remedy", _identify(finding) not in left, f"{line} did not end the finding")
        if self._differs(before):
            self.points.clear()

    def _by_hand(self, verb: str, number: int) -> None:
        prefix, tree, claims = self.prefix, self.seen.tree, self.seen.claims
        edited: set[str] = set()
        match verb:
            case "put":
                path = hands.put(prefix, tree, number, f"mine-{len(self.done)}.txt")
                self.mine[path] = "mine\n"
            case "edit":
                edited = {hands.edit(prefix, tree, number, self.mine) or ""}
            case "delete":
                hands.delete(prefix, tree, number, self.mine)
            case "forget":
                hands.forget(prefix, tree, number)
            case "drop":
                edited.update(claims.pip.get(hands.drop(prefix, tree, number), ()))
            case _:
                raise ValueError(verb)
        self._see()
        still = edited & self.seen.claims.all  # of what is dropped, what another lists as its own
        self.edited |= {path: one for path in still if (one := self.seen.tree.get(path))}
        self.points.clear()

    def _number_revision(self, words: list[str]) -> list[str]:
        if "--revision" not in words:
            return words
        revisions = parse_revisions((self.prefix / "conda-meta" / "history").read_text())
        there = [one.number for one in revisions if one.added or one.removed]  # else all would go
        return [*words[:-1], str(there[int(words[-1]) % len(there)])]


def _identify(finding: Any) -> tuple[Any, ...]:
    requirement = finding["details"].get("requirement")
    return (finding["kind"], finding["conda"], finding["distribution"], requirement)
