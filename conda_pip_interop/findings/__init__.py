"""Faults between the two managers: one module for each kind."""
