"""The only place that runs pip or uv."""
