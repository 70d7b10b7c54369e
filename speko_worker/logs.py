"""The framework's log records without what a person said."""

import logging

_PERSONAL = "lk.pii."


class _WithoutContent(logging.Filter):
    """Drops the attributes that livekit-agents marks as personal."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name in [name for name in record.__dict__ if name.startswith(_PERSONAL)]:
            del record.__dict__[name]
        return True


def keep_content_out_of_logs() -> None:
    """Warnings and errors of the framework only, and nothing said in a call among their attributes."""
    logger = logging.getLogger("livekit.agents")
    logger.setLevel(logging.WARNING)
    if not any(isinstance(present, _WithoutContent) for present in logger.filters):
        logger.addFilter(_WithoutContent())
