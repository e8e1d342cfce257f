"""pip's options on our own command line, as argparse reads them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from conda_pip_interop.errors import UsageError
from conda_pip_interop.installers.pip.options import (
    ForwardedOption,
    ImpliedOption,
    PipArgument,
    PipOption,
    RefusedOption,
)


def add_pip_option(group: argparse._ArgumentGroup, option: PipOption) -> None:
    """Add one of pip's options: handed on, needless here, or refused with what to do instead."""
    match option:
        case ForwardedOption(names=names, metavar=metavar, help=text):
            shown: dict[str, Any] = {"help": text or argparse.SUPPRESS}
            if metavar is not None:
                shown["metavar"] = metavar
            nargs = 0 if metavar is None else None
            group.add_argument(
                *names, action=_Collect, nargs=nargs, dest="pip_arguments", option=option, **shown
            )
        case ImpliedOption(names=names):
            group.add_argument(*names, action="store_true", dest="_", help=argparse.SUPPRESS)
        case RefusedOption(names=names, metavar=metavar):
            group.add_argument(
                *names,
                action=_Refuse,
                nargs=0 if metavar is None else None,
                dest="_",
                option=option,
                help=argparse.SUPPRESS,
            )


class _Collect(argparse.Action):
    """Keeps options of pip's in one list: their order among each other means something to pip."""

    def __init__(self, *, option: ForwardedOption, **others: Any) -> None:
        super().__init__(**others)
        self.option = option

    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        _option_string: str | None = None,
    ) -> None:
        value = values if isinstance(values, str) else None
        known = namespace.pip_arguments or []
        namespace.pip_arguments = [*known, PipArgument(option=self.option, value=value)]


class _Refuse(argparse.Action):
    def __init__(self, *, option: RefusedOption, **others: Any) -> None:
        super().__init__(**others)
        self.option = option

    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        _namespace: argparse.Namespace,
        _values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        raise refuse_option(option_string or self.option.names[-1], self.option)


def refuse_option(name: str, option: RefusedOption) -> UsageError:
    """The error for an option of pip's that would make something else of the installation."""
    return UsageError(
        "refused-option",
        f"{name} is not supported by `conda pip install`.",
        hints=(option.instead,),
    )
