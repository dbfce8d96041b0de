#!/bin/sh
# A karaoke room to look at: a server, a playback machine without a screen, and some songs that
# take twenty seconds each. Everything ends, and nothing is left, with Ctrl-C.
#
#     karaoke/demo.sh PYTHON [PORT]
set -eu
python=$1
port=${2:-8080}
songs=$(mktemp -d)
server=
trap 'kill $server 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$songs"' EXIT
trap 'exit 0' INT TERM

for song in \
  "The Kettles - Boiling Over - Kitchen Songs" \
  "The Kettles - Lid Off - Kitchen Songs" \
  "Nora Fern - Green Again - Spring" \
  "Nora Fern - Rain at Noon - Spring" \
  "Uncle Otto - Waltz of the Sheds - Allotment" \
  "Die Nachbarn - Leise bitte - Hausordnung"
do
  : >"$songs/$song.mp3"
done

"$python" server.py --port "$port" --telnet-port 0 --data :memory: &
server=$!
until "$python" -c "import socket; socket.create_connection(('localhost', $port)).close()" 2>/dev/null
do
  kill -0 "$server" 2>/dev/null || exit 2
  sleep 0.2
done
printf '\nA karaoke room: http://localhost:%s/Demo  (admin secret: demo)\n\n' "$port"
"$python" -m karaoke play --folder "$songs" --server "http://localhost:$port" --room Demo \
  --secret demo --seconds 20
