"""`speko openapi`: the REST contract."""

import click

from speko_core.settings import load_settings
from speko_gateway.all_routes import document
from speko_gateway.cli.output import show_json


@click.command(short_help="Print the OpenAPI document.")
def openapi() -> None:
    """Print the OpenAPI 3.1 document of this version. It needs no running server."""
    show_json(document(load_settings().base_url))
