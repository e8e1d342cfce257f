"""Export an environment: read it, render it in a format, print, write or compare the result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from conda_pip_interop.commands.output import Output
from conda_pip_interop.commands.output_files import deliver, nothing_to_compare
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import UsageError
from conda_pip_interop.exports.contents import read_contents
from conda_pip_interop.exports.formats import FORMATS, ExportFormat, find_format
from conda_pip_interop.exports.layout import Layout
from conda_pip_interop.exports.sources import parse_clone
from conda_pip_interop.installers.building import BuildingInstaller
from conda_pip_interop.installers.pip.commands import is_modified, read_editables
from conda_pip_interop.resolve.indexed_files import resolve_files
from conda_pip_interop.resolve.request.install_options import InstallOptions
from conda_pip_interop.resolve.request.request import Request
from conda_pip_interop.text import escape_line

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.exports.contents import Contents
    from conda_pip_interop.installers.interface import Installer

_BESIDE: Final = "pylock.toml"


def export_files(args: Namespace, host: Host) -> Output:
    """Export the environment as the command line says (see `export.configure`)."""
    output = None if args.output is None else Path(args.output)
    chosen = _choose_format(args, output)
    snapshot = read_snapshot(host.target.prefix, depth="names")
    contents = read_environment(snapshot, host)
    if args.resolve:
        with host.progress("Searching for the files on the index"):
            contents = resolve_files(contents, snapshot, _open_pip(snapshot, host))
    layout = Layout(
        folder=None if output is None else output.parent,
        conda="requested" if args.from_history else "versions" if args.no_builds else "builds",
        hashes=args.hashes,
        add_channels=not args.ignore_channels,
    )
    files = dict(_render(chosen, contents, layout, output))
    notes = (*contents.notes, *chosen.list_comments(contents, layout))
    for note in notes:
        host.print_stderr(f"conda-pip-interop: {escape_line(note)}")
    document: dict[str, object] = {
        "prefix": str(host.target.prefix),
        "format": chosen.name,
        "notes": list(notes),
    }
    if output is None:
        (text,) = files.values()
        return Output(text=text.rstrip("\n"), document={**document, "text": text}, requested=True)
    done = {file: deliver(text, file, check=args.check) for file, text in files.items()}
    written = [
        {"path": str(file), "text": files[file], "up_to_date": one.up_to_date}
        for file, one in done.items()
    ]
    return Output(
        text="\n".join(one.message for one in done.values()),
        document={**document, "files": written},
        exit_code=max(one.exit_code for one in done.values()),
    )


def _choose_format(args: Namespace, output: Path | None) -> ExportFormat:
    """Choose by the option, else by the name of the file; raises UsageError."""
    if args.check and output is None:
        raise nothing_to_compare()
    if args.format is not None:
        return FORMATS[args.format]
    if output is None:
        return FORMATS["environment"]
    found = find_format(output.name)
    if found is None:
        raise UsageError(
            "usage",
            f"The name {output.name} does not say which format the file should have.",
            hints=(f"Choose one with `--format`: {', '.join(FORMATS)}.",),
        )
    return found


def _render(
    chosen: ExportFormat, contents: Contents, layout: Layout, output: Path | None
) -> Iterator[tuple[Path, str]]:
    """Render the file, and for an explicit list pip's part beside it."""
    yield output or Path(), chosen.render(contents, layout)
    if chosen.name == "explicit" and output is not None and contents.pip:
        yield output.with_name(_BESIDE), FORMATS["pylock"].render(contents, layout)


def _open_pip(snapshot: Snapshot, host: Host) -> Installer:
    """Open pip, also where uv is set: uv keeps no wheel to look into."""
    request = Request(options=InstallOptions(build_from_pypi=True))
    installer = host.open_installer(snapshot, request, versions={})
    return installer.process if isinstance(installer, BuildingInstaller) else installer


def read_environment(snapshot: Snapshot, host: Host) -> Contents:
    """Read what the host's environment contains."""
    folders = _find_clones(snapshot)
    lines: Mapping[NormalizedName, str] = {}
    notes: list[str] = []
    if folders and not host.standalone:
        lines = read_editables(host.open_pip(snapshot))
        notes = [
            f"{name}: {folder} has changes that its commit does not have."
            for name, folder in folders.items()
            if is_modified(folder)
        ]
        notes += [
            f"{name}: where its clone in {folder} comes from is not known."
            for name, folder in folders.items()
            if parse_clone(lines.get(name, "")) is None
        ]
    return read_contents(
        snapshot,
        name=host.target.name,
        subdir=None if host.standalone else host.subdir,
        priority=host.list_channel_urls(),
        clones={name: line for name, line in lines.items() if name in folders},
        notes=notes,
    )


def _find_clones(snapshot: Snapshot) -> Mapping[NormalizedName, Path]:
    """Find the editable installs whose sources pip has cloned into the environment."""
    root = snapshot.prefix.root.resolve()
    editable = {one.name: one.editable for one in snapshot.distributions if one.editable}
    return {
        name: Path(folder)
        for name, folder in editable.items()
        if Path(folder).resolve().is_relative_to(root)
    }
