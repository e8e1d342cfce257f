"""The only code that runs pip or uv."""
