"""The terminal chat's pure pieces and its two consoles; nothing in here knows a server."""
