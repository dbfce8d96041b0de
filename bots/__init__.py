"""Bots: each file a `ChatClient` with a job, run as `python -m bots.NAME`."""
