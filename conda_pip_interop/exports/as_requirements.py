"""pip's part of an environment as a requirements file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_pip_interop.exports.layout import render_notes
from conda_pip_interop.exports.pip_lines import build_lines, find_variables
from conda_pip_interop.text import count

if TYPE_CHECKING:
    from conda_pip_interop.exports.contents import Contents
    from conda_pip_interop.exports.layout import Layout


def render_requirements(contents: Contents, layout: Layout) -> str:
    """Render a line for each distribution of pip's; what is conda's is only counted."""
    lines = build_lines(contents, layout)
    head = render_notes(contents, find_variables(lines))
    number = len(contents.conda)
    if number:
        head += f"# Only pip's part: {count(number, 'package')} of conda are not in this file.\n"
        head += "# To install it as pip's: conda pip install --prefer pypi -r FILE\n"
    texts = (f"{one.text}  # {one.comment}" if one.comment else one.text for one in lines)
    return head + "".join(f"{text}\n" for text in texts)
