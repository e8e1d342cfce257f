"""conda without any plugin."""

from __future__ import annotations

#: Every solver but classic is a plugin itself.
ALONE = {"CONDA_NO_PLUGINS": "true", "CONDA_SOLVER": "classic"}
