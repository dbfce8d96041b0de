"""Where people are: rooms that map a nick to a peer, and the batches that rooms are told."""
