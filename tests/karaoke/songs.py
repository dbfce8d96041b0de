"""Entries as tests need them."""

from karaoke.entries import Entry


def entry(performer: str, title: str = "Song", duration: int = 180, **more: object) -> Entry:
    """Return an entry that somebody wants to sing."""
    fields = {"ident": f"{title}.mp3", "source": "files", "artist": "Artist", "album": "Album"}
    return Entry(
        **fields | {"title": title, "performer": performer, "duration": duration} | more  # type: ignore[arg-type]
    )
