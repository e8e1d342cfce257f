"""What runs around conda's own commands: markers, reconciliation, guard, notices."""
