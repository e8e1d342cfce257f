"""The lines of setuptools around the paths in an easy-install.pth, which move them to the front."""

from __future__ import annotations

from typing import Final

EASY_INSTALL_START: Final = "import sys; sys.__plen = len(sys.path)"
EASY_INSTALL_END: Final = (
    "import sys; new=sys.path[sys.__plen:]; del sys.path[sys.__plen:]; "
    "p=getattr(sys,'__egginsert',0); sys.path[p:p]=new; sys.__egginsert = p+len(new)"
)
