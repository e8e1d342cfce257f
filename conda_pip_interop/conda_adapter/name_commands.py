"""`conda pip names` and `conda pip translate`, and the fetching of the additional map."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from conda.base.context import context

from conda_pip_interop.changes.files import replace_file
from conda_pip_interop.commands.names import names
from conda_pip_interop.commands.names import to_environment as translate
from conda_pip_interop.commands.names import to_requirements as translate_back
from conda_pip_interop.commands.output import Output
from conda_pip_interop.conda_adapter.boundary import print_stderr
from conda_pip_interop.conda_adapter.channels import ChannelNames, map_file
from conda_pip_interop.conda_adapter.environments import add_channels
from conda_pip_interop.conda_adapter.package_contents import ChannelInspector
from conda_pip_interop.conda_adapter.settings import read_names_map
from conda_pip_interop.conda_adapter.solver import CondaEnvironment
from conda_pip_interop.dependencies.requirements import marker_environment
from conda_pip_interop.dependency_files.pyproject import ProjectParts
from conda_pip_interop.dependency_files.read import DependencyFiles, read_dependency_files
from conda_pip_interop.environment.conda_records import claimed_metadata
from conda_pip_interop.environment.distributions import read_requirements
from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError, UsageError
from conda_pip_interop.names.names_map import LARGEST, ExtraMap, parse_map, write_map
from conda_pip_interop.names.requirement import TranslationContext, refuse_python

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from packaging.utils import NormalizedName

    from conda_pip_interop.commands.parser import Options
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target

_DAY = 86_400


def answer(command: str, options: Options, target: Target) -> Output:
    """One of the two commands."""
    ask = {"names": answer_names, "translate": answer_translate}[command]
    return ask(options, target)


def answer_names(options: Options, target: Target) -> Output:
    """`conda pip names`."""
    if not options.update and bool(options.words) == bool(options.packages):
        raise UsageError(
            "usage",
            "Either names of PyPI's are asked for, or packages of conda's with --conda.",
            hints=("See `conda pip names --help`.",),
        )
    if options.update:
        updated = update_map(map_file())
        if not options.words and not options.packages:
            return updated
    channels = ChannelInspector(conda=CondaEnvironment(target=target))
    if options.packages:
        return names.explain_packages(options.packages, channels, check=options.check)
    extra = channels.conda.naming.sources.extra
    return names.explain_names(
        options.words, channels, check=options.check, extra=extra, age=_tell_age(extra)
    )


def answer_translate(options: Options, target: Target) -> Output:
    """`conda pip translate`; exit code 1 where `--check` finds the file out of date."""
    parts = ProjectParts(
        extras=options.extras, groups=options.groups, build_system=options.build_system
    )
    output = _find_output(options)
    target_folder = Path() if output is None else output.parent
    sources = read_dependency_files(map(Path, options.words), parts, target=target_folder)
    snapshot = read_snapshot(target.prefix)
    with_channels = not options.no_channels
    if with_channels and sources.environment is not None and not options.channels:
        add_channels(sources.environment.channels)
    conda = CondaEnvironment(target=target, naming=ChannelNames(with_channels=with_channels))
    if options.form == "requirements":
        find_projects = _build_find_projects(snapshot, conda, with_channels=with_channels)
        made = translate_back.translate_to_requirements(sources, find_projects)
    else:
        environment, requires = _build_target(snapshot)
        _mention_python(sources, environment["python_full_version"])
        translation_context = TranslationContext(
            look_up=conda.naming.look_up,
            environment=environment,
            versions=conda.list_versions if with_channels else None,
            matches=conda.matches if with_channels else None,
        )
        channels = tuple(map(str, context.channels)) if with_channels else ()
        made = translate.translate_to_environment(sources, translation_context, requires, channels)
    if options.verbose:
        for choice in made.choices:
            print_stderr(str(choice))
    return _deliver(made, output, options)


def _mention_python(sources: DependencyFiles, python: str) -> None:
    """Say it where markers are read for a Python that a file shuts out."""
    for one in sources.dependencies:
        reason = refuse_python(one.requires_python, python)
        if reason is not None:
            print_stderr(f"conda-pip-interop: markers are read for Python {python}, but {reason}.")


def _find_output(options: Options) -> Path | None:
    """Where the result goes; what `--check` compares may also be the one environment file."""
    if options.output is not None:
        return Path(options.output)
    files = [word for word in options.words if word.endswith((".yml", ".yaml"))]
    if not options.check:
        return None
    if len(files) != 1 or options.form != "environment":
        raise UsageError(
            "usage",
            "--check does not know which file to look at.",
            hints=("Name it with `-o FILE`.",),
        )
    return Path(files[0])


def _build_find_projects(
    snapshot: Snapshot, conda: CondaEnvironment, *, with_channels: bool
) -> Callable[[str], tuple[NormalizedName, ...]]:
    """How to tell what a package carries: by what is installed, then the channels, then its name.

    A metapackage that is installed carries nothing itself, yet stands for what came with it.
    """
    there = {one.name for one in snapshot.distributions}
    records = {one.name: one for one in snapshot.records}

    def find_projects(conda_name: str) -> tuple[NormalizedName, ...]:
        guessed = conda.naming.guess_projects(conda_name)
        if conda_name in records:
            carried = tuple(one.name for one in claimed_metadata(records[conda_name]))
            return carried or tuple(name for name in guessed if name in there)
        if with_channels:
            packages = conda.list_packages(conda_name)
            return guessed if any(one.needs_python for one in packages) else ()
        return guessed

    return find_projects


def _build_target(
    snapshot: Snapshot,
) -> tuple[dict[str, str], Callable[[NormalizedName], Sequence[str] | None]]:
    """The markers' environment of the target, and what its distributions require.

    Where the target has no Python, it is that of base.
    """
    prefix = snapshot.prefix
    if prefix.python is None:
        prefix = read_prefix(Path(context.root_prefix))
    installed = {one.name: one for one in snapshot.distributions}

    def requires(name: NormalizedName) -> Sequence[str] | None:
        if name not in installed:
            return None
        return read_requirements(snapshot.prefix, installed[name]).requires_dist

    return marker_environment(prefix, subdir=context.subdir), requires


def _deliver(made: translate.Translation, output: Path | None, options: Options) -> Output:
    """Show, write or compare the result."""
    document: dict[str, object] = {
        "output": str(output) if output is not None else None,
        "text": made.text,
        "choices": [choice.to_dict() for choice in made.choices],
    }
    if output is None:
        return Output(text=made.text.rstrip("\n"), document=document)
    try:
        current = output.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        current = None
    document["up_to_date"] = up_to_date = current == made.text
    if up_to_date:
        return Output(text=f"{output} is up to date.", document=document)
    if options.check:
        return Output(
            text=f"{output} is out of date; the same command without --check writes it anew.",
            document=document,
            exit_code=1,
        )
    try:
        replace_file(output, made.text.encode())
    except OSError as error:
        raise InteropError(
            "not-written",
            f"{output} cannot be written: {error.strerror}",
            hints=("Without -o, the result is shown.",),
        ) from error
    return Output(text=f"{output} is written.", document=document)


def _tell_age(extra: ExtraMap | None) -> str:
    if extra is None:
        return ""
    days = max(0, int((time.time() - extra.fetched) // _DAY))
    return {0: "today", 1: "a day ago"}.get(days, f"{days} days ago")


def update_map(file: Path) -> Output:
    """Fetch the additional map from where the setting says; the one that was there stays if not.

    Raises InteropError `no-map` where no place is set, `map-not-fetched`, `invalid-map`.
    """
    origin = read_names_map()
    if not origin:
        raise InteropError(
            "no-map",
            "No additional map of names is set.",
            hints=(
                "Under plugins: in a .condarc, write pip_interop_names_map: FILE, or an https URL.",
            ),
        )
    extra = parse_map(_fetch(origin), origin=origin, fetched=time.time())
    try:
        write_map(file, extra)
    except OSError as error:
        raise _not_fetched(origin, f"{file} cannot be written ({error.strerror})") from error
    count = len(extra.conda_names)
    return Output(
        text=f"{origin}: {count} names.",
        document={"map": {"origin": origin, "fetched": extra.fetched}, "names": count},
    )


def _fetch(origin: str) -> bytes:
    parts = urlsplit(origin)
    if parts.scheme == "https":
        return _download(origin)
    if parts.scheme not in ("", "file") and "://" in origin:
        raise _not_fetched(origin, "it is neither a file nor an https URL")
    path = Path(url2pathname(parts.path)) if parts.scheme == "file" else Path(origin).expanduser()
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise _not_fetched(origin, error.strerror or str(error)) from error


def _download(url: str) -> bytes:
    """Download by conda's own session: its proxies, certificates and retries."""
    from conda.gateways.connection.session import get_session
    from requests import RequestException

    timeout = (context.remote_connect_timeout_secs, context.remote_read_timeout_secs)
    try:
        with get_session(url).get(url, stream=True, timeout=timeout) as response:
            response.raise_for_status()
            if urlsplit(response.url).scheme != "https":
                raise _not_fetched(url, f"it leads to {response.url}, which is not https")
            data = b""
            for chunk in response.iter_content(1 << 20):
                data += chunk
                if len(data) > LARGEST:
                    break
            return data
    except RequestException as error:
        raise _not_fetched(url, str(error)) from error


def _not_fetched(origin: str, reason: str) -> InteropError:
    return InteropError(
        "map-not-fetched",
        f"The map of names at {origin} was not fetched: {reason}. What was there before is kept.",
        hints=(
            "The setting pip_interop_names_map says where it is.",
            "conda's own settings for proxies and certificates count here too.",
        ),
    )
