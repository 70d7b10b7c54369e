"""Every route of the site. The application mounts them before anything that answers unknown paths."""

from starlette.routing import BaseRoute

from speko_core.deps import Deps
from speko_gateway.web.pages import (
    agents,
    connected_apps,
    connecting,
    integrations,
    joining,
    keys,
    members,
    new_password,
    outside,
    overview,
    sessions,
    settings,
    signing_in,
    talk,
)
from speko_gateway.web.static_files import assets_mount, client_mount
from speko_gateway.web.talk_page import talk_page_route


def web_routes(deps: Deps) -> list[BaseRoute]:
    """The pages, their forms and their assets."""
    dashboard = (overview, talk, agents, sessions, integrations, keys, settings, members, connected_apps)
    entrances = (signing_in, new_password, joining, outside, connecting)
    pages = [route for part in (*dashboard, *entrances) for route in part.routes(deps)]
    own = deps.settings
    talk_page = talk_page_route(own.base_url, own.livekit_public_url or own.livekit_url)
    return [*pages, talk_page, assets_mount(), client_mount(own.livekit_client_path)]
