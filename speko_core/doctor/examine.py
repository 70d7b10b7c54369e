"""Every check of the installation, for the people who run it."""

from speko_core.doctor import installation, machine
from speko_core.doctor.finding import Finding
from speko_core.errors import ConfigurationError
from speko_core.settings import load_settings


async def examine() -> list[Finding]:
    """Every finding, in the order in which a person would look."""
    findings = [machine.python(), machine.packages(), machine.environment()]
    try:
        settings = load_settings()
    except ConfigurationError as error:
        return [*findings, Finding("settings", "fail", str(error), "See docs/operations.md.")]
    findings += [installation.data_folder(settings), machine.disk(settings), installation.master_key(settings)]
    findings += [installation.outbound(settings), *installation.browser_library(settings)]
    findings += await installation.database(settings)
    findings += [machine.speech(), machine.hearing()]
    return findings + [await machine.role(settings, role) for role in machine.ROLES]
