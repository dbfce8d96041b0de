"""Who speaks: a session a person, the table of actions, and the limits; no transport."""
