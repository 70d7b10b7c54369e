"""How an action fails. Every text is ours, the end of a sentence, and may be told to a model."""

from speko_core.ports.integrations import IntegrationFailed


class Uncertain(IntegrationFailed):
    """No answer came: the action may have taken effect."""


class Disconnected(IntegrationFailed):
    """The installation has no working authorization; somebody has to connect the app again."""

    def __init__(self, title: str) -> None:
        super().__init__(f"the connection to {title} has ended, and somebody has to connect it again")


class Busy(IntegrationFailed):
    """The app asks for patience, longer than the call may take."""

    def __init__(self, title: str, seconds: float) -> None:
        super().__init__(f"{title} takes no more calls for now; try again in {max(1, round(seconds))} seconds")


def unclear(title: str) -> Uncertain:
    """The failure of a call whose answer did not come."""
    return Uncertain(f"{title} did not answer in time, so whether it was done is unknown; do not repeat it unasked")
