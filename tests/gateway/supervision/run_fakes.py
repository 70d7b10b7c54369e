"""The real supervisor over fake roles, telling its story in JSON lines."""

import asyncio
import os
import sys
from pathlib import Path

from speko_gateway.cli.up_reporters import JsonReporter
from speko_gateway.supervisor import Supervisor

FAKE = (sys.executable, str(Path(__file__).with_name("fake_role.py")))
sys.exit(asyncio.run(Supervisor(JsonReporter(), dict(os.environ), FAKE).run()))
