"""One prefix, read from disk into a Snapshot. No conda, no process, no write."""
