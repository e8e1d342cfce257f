"""Write all or nothing: locks, journals, stashes, the way back, and undo."""
