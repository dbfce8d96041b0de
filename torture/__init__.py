"""The torture test: a real server, many people, and every accident that a network has."""
