"""What other parts of the house keep in the same file: texts, by kind and key.

A file that was made before there was this table gains it when it is opened.
"""

import sqlite3


def prepare(db: sqlite3.Connection) -> None:
    """Make the table, if it is not there."""
    db.execute(
        "create table if not exists document"
        " (kind text not null, key text not null, text text not null, primary key (kind, key))"
        " without rowid, strict"
    )


def kept(db: sqlite3.Connection, kind: str) -> dict[str, str]:
    """Return the documents of a kind, key -> text."""
    return dict(db.execute("select key, text from document where kind = ?", (kind,)))


def put(db: sqlite3.Connection, kind: str, key: str, text: str | None) -> None:
    """Keep a document in place of the one of this kind and key, or without a text none."""
    if text is None:
        db.execute("delete from document where kind = ? and key = ?", (kind, key))
    else:
        db.execute("replace into document (kind, key, text) values (?, ?, ?)", (kind, key, text))
