"""Write all or nothing: locks, journals, stashes, and the way back."""
