"""The chat as small servers: parse, reply, tell the others; nothing is stored."""
