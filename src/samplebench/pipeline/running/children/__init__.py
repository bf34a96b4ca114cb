"""Child processes: how they start, what they may take, and how they end with all they started."""
