"""conda and pip as a team. This module imports nothing, so that it costs nothing."""

__version__ = "0.1.0"
