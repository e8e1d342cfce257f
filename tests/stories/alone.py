"""conda without any plugin."""

from __future__ import annotations

from typing import Any

#: Every solver but classic is a plugin itself.
ALONE: dict[str, Any] = {"CONDA_NO_PLUGINS": "true", "CONDA_SOLVER": "classic"}
