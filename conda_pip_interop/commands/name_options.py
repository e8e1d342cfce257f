"""The options of the commands about names."""

from __future__ import annotations

import argparse


def add_names_options(parser: argparse.ArgumentParser) -> None:
    """Those of `conda pip names`."""
    parser.add_argument("words", nargs="*", metavar="NAME", help="a project of PyPI's")
    parser.add_argument(
        "--conda",
        action="append",
        dest="packages",
        metavar="NAME",
        help="the other way round: what this conda package carries",
    )
    parser.add_argument(
        "--check", action="store_true", help="download the package and look into it"
    )
    parser.add_argument(
        "--update", action="store_true", help="fetch the additional map of names anew"
    )


def add_translate_options(parser: argparse.ArgumentParser) -> None:
    """Those of `conda pip translate`."""
    parser.add_argument(
        "words",
        nargs="+",
        metavar="FILE",
        help="requirements.txt, pyproject.toml, pylock.toml or environment.yml",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write it there (default: show it)")
    parser.add_argument(
        "--to",
        choices=("environment", "requirements"),
        default="environment",
        dest="form",
        help="what to make (default: environment)",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit code 1 if it is out of date"
    )
    for option, metavar, what in (
        ("extra", "EXTRA", "an extra"),
        ("group", "GROUP", "a dependency group"),
    ):
        parser.add_argument(
            f"--{option}",
            action="append",
            dest=f"{option}s",
            metavar=metavar,
            help=f"{what} of pyproject.toml, besides the project's own dependencies",
        )
    parser.add_argument(
        "--build-system", action="store_true", help="what pyproject.toml needs to be built, too"
    )
    parser.add_argument(
        "--no-channels", action="store_true", help="go by names alone, and ask no channel"
    )
