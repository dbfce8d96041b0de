"""The numbered log of every room: the promise, and where it is stored."""
