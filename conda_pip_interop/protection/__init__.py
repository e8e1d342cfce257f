"""Policy, and the EXTERNALLY-MANAGED marker that it asks for."""
