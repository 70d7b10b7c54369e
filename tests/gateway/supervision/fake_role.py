"""A role that speaks the supervisor's protocol and misbehaves on request.

Environment: FAKE_BASE_PORT; FAKE_TRACE, a file that gets one line per happening; FAKE_CRASH, a role that dies after
`go`; FAKE_CRASH_ONCE, one that does it only the first time; FAKE_STUBBORN, one that ignores SIGTERM; FAKE_REFUSE, a
sentence with which web refuses; FAKE_HELPER, a role that starts a process of its own.
"""

import http.server
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import FrameType

from speko_gateway.supervised import SupervisorLink

ROLES = ("web", "jobs", "worker")
ROLE = sys.argv[1]
BASE = int(os.environ["FAKE_BASE_PORT"])
TRACE = Path(os.environ["FAKE_TRACE"])


class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        return


def trace(what: str) -> None:
    with TRACE.open("a") as file:
        file.write(f"{ROLE} {what}\n")


def crash_if_told() -> None:
    marker = TRACE.with_suffix(f".{ROLE}")
    if os.environ.get("FAKE_CRASH") == ROLE:
        sys.exit(3)
    if os.environ.get("FAKE_CRASH_ONCE") == ROLE and not marker.exists():
        marker.touch()
        sys.exit(3)


def main() -> None:
    link = SupervisorLink(int(sys.argv[3]))
    trace(f"loaded {os.getpid()}")
    link.wait_for_go()
    trace("go")
    if ROLE == "web" and "FAKE_REFUSE" in os.environ:
        link.send({"event": "refused", "message": os.environ["FAKE_REFUSE"]})
        sys.exit(78)
    crash_if_told()
    ending = threading.Event()

    def on_term(number: int, frame: FrameType | None) -> None:
        trace("term")
        ending.set()

    signal.signal(signal.SIGTERM, on_term)
    if os.environ.get("FAKE_HELPER") == ROLE:
        helper = subprocess.Popen(["sleep", "300"])
        trace(f"helper {helper.pid}")
    link.watch(0.2)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", BASE + ROLES.index(ROLE)), Ready)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    if ROLE == "web":
        ports = {role: BASE + at for at, role in enumerate(ROLES)}
        links = {"talk": "http://t", "mcp": "http://m", "api": "http://a", "dashboard": "http://d", "claude": "claude"}
        link.send({"event": "prepared", "host": "127.0.0.1", "ports": ports, "drain_timeout_s": 1.0, "links": links})
    while not ending.wait(0.02) or os.environ.get("FAKE_STUBBORN") == ROLE:
        continue
    trace("end")
    link.leave()
    os._exit(0)


main()
