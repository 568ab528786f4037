"""What a run came to: counts, rates, and how they are shown."""
