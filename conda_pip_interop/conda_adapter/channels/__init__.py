"""conda's channels: the names in them, their records, and what those depend on."""
