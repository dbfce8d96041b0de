"""A call is one connection of a client to a server; events tell what happens on it."""
