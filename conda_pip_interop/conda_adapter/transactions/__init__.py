"""conda's solver, and its transactions: what they link, and how they are taken back."""
