"""The only writer: lock, journal, stash, then commit or roll back; undo."""
