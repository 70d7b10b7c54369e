"""A recognition process that does as its first keyword says: echo, hang, die, or answer garbage."""

import json
import os
import sys
import time

from speko_core.providers.local.frames import read_frame, write_frame


def main() -> None:
    while (header := read_frame(0)) is not None:
        request = json.loads(header)
        pcm = read_frame(0) if request["op"] == "recognize" else b""
        deed = (request.get("keywords") or ["echo"])[0]
        if deed == "die":
            os._exit(3)
        if deed == "hang":
            time.sleep(60)
        words = [[f"{len(pcm or b'')}", 0.0, 0.1]]
        write_frame(1, json.dumps({"words": words, "guessed": [], "dropped": [], "pid": os.getpid()}).encode())
    sys.exit(0)


if __name__ == "__main__":
    main()
