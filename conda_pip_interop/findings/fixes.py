"""Merge the fixes of findings into one plan: for reconcile, restore and repair."""
