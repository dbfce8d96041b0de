"""What is said: names, messages, errors and frames; no sockets and no state."""
