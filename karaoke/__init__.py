"""Karaoke: a room's song queue, the sources of songs, and the Socket.IO events."""
