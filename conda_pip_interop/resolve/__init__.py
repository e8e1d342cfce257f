"""Decide: a request becomes a plan on which conda and pip agree."""
