"""Exit codes of the `speko` command. They are documented in docs/cli.md and never change meaning."""

from typing import Final

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
UNAVAILABLE: Final = 69
CONFIGURATION: Final = 78
INTERRUPTED: Final = 130

MEANINGS: Final = {
    OK: "Done. For `speko up` and the roles: drained and stopped after a signal.",
    FAILED: "The command ran and the answer is no: a check failed, a resource does not exist, a role does not start.",
    USAGE: "The command line is wrong; nothing was done.",
    UNAVAILABLE: "The server or the database does not answer.",
    CONFIGURATION: "It cannot work as configured; one sentence on standard error says what to change.",
    INTERRUPTED: "Killed by a second signal before the drain was over; of `speko bench run`: ended by Ctrl-C.",
}
