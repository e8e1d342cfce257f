"""What needs what, across both managers."""
