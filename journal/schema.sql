-- The log in one file. Messages of all rooms lie in the order in which they were said, so a
-- batch touches the end of one table, however many rooms it speaks in. `previous` leads from a
-- message to the one before it in its room; every 128th message has an anchor to start from.

create table meta (
    name  text primary key,
    value text not null
) without rowid, strict;

create table room (
    key      integer primary key,
    folded   text not null unique,  -- the name by which rooms are compared
    name     text not null,         -- the name by which it is shown
    first_id integer not null,      -- of what is kept; last_id + 1 if nothing is
    last_id  integer not null,      -- this and last_seq lag behind by some thousand messages,
    last_seq integer not null       -- which a start reads from the end of the table below
) strict;

create table message (
    seq      integer primary key,   -- over all rooms
    room     integer not null,
    id       integer not null,      -- in its room: 1, 2, 3 ... without holes
    previous integer not null,      -- seq of the message before it in its room; 0 at the first
    ts       integer not null,      -- milliseconds since 1970, UTC
    nick     text not null,
    text     text not null
) strict;

create table anchor (
    room integer not null,
    id   integer not null,
    seq  integer not null,
    primary key (room, id)
) without rowid, strict;

create table seat (
    key     integer primary key,    -- stands for the session's token
    room    text not null,
    nick    text not null,
    arrived integer not null,       -- orders the people of a room
    ended   integer                 -- when its line ended, in milliseconds since 1970
) strict;

create table sent (                 -- which message a session has sent under which key
    session integer not null,       -- the key of its seat
    room    integer not null,
    key     text not null,
    seq     integer not null,
    id      integer not null,
    ts      integer not null,
    primary key (session, room, key)
) without rowid, strict;
