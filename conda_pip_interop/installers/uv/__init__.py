"""uv, run as a process in pip's place."""
