#!/usr/bin/env bash
# httpx-sse 0.4.3 (PyPI), the event-stream client of Python's httpx and of many AI clients built on it.
# Input: a stream with a comment after an event that had an id, and another one that begins with a lone `retry:`. Both are
#   valid, and what servers send to keep a connection open and to set the pause before a reconnect.
# Expected (HTML standard, "Interpreting an event stream"): a block without `data:` dispatches nothing.
# Observed: each comment, and the lone `retry:`, is an event with empty data; after an id, with that id once more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check httpx==0.28.1 httpx-sse==0.4.3
"$folder/venv/bin/python" - <<'PYTHON'
import httpx
from httpx_sse import connect_sse


def events(body):
    answer = lambda request: httpx.Response(200, headers={"Content-Type": "text/event-stream"}, content=body)
    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        with connect_sse(client, "GET", "http://server/") as source:
            return [(event.event, event.data, event.id, event.retry) for event in source.iter_sse()]


seen = [events(b"id: 1\ndata: text\n\n: still here\n\n: still here\n\n"), events(b"retry: 1000\n\ndata: text\n\n")]
print(*seen, sep="\n")
assert seen == [
    [("message", "text", "1", None), ("message", "", "1", None), ("message", "", "1", None)],
    [("message", "", "", 1000), ("message", "text", "", None)],
], "it behaves otherwise now"
PYTHON
