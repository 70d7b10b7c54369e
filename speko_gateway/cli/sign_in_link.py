"""`speko sign-in-link`: into the dashboard without a password."""

import click

from speko_core.accounts.repository import user_by_email
from speko_core.bootstrap import OWNER_EMAIL, sign_in_url
from speko_core.deps import Deps
from speko_core.errors import NotFound
from speko_gateway.cli.local import run_local
from speko_gateway.cli.output import json_option, show_json


@click.command(name="sign-in-link", short_help="Make a one-time link to the dashboard.")
@click.option("--email", default=OWNER_EMAIL, show_default=True, help="Who signs in.")
@json_option
def sign_in_link(email: str, as_json: bool) -> None:
    """Make a link that signs a person in to the dashboard. It works once, for 24 hours."""

    async def work(deps: Deps) -> str:
        async with deps.database.transaction(None, all_organizations=True) as db:
            user = await user_by_email(db, email)
            if user is None:
                raise NotFound("There is no user with this e-mail address.")
            return await sign_in_url(deps, db, user.id)

    url = run_local(work)
    if as_json:
        show_json({"url": url})
    else:
        click.echo(url)
