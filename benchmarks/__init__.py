"""One file per question: how fast, how late, how much."""
