"""Imported once in the process that job processes are forked from: they share what is loaded here.

Only the VAD: the framework's own preloading is switched off (`agents.py`), because the end-of-turn model beside it
takes 250 MB and no plan uses it.
"""

from livekit import local_inference

import speko_worker.rooms.job

__all__ = ["speko_worker"]

local_inference.init_vad()
