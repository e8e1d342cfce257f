"""The policy, and the EXTERNALLY-MANAGED marker that it requires."""
