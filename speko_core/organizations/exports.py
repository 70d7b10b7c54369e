"""Asking for an archive of the organization's data, and fetching it."""

import re
from datetime import timedelta

from speko_core.context import Ctx
from speko_core.deps import Deps
from speko_core.errors import NotFound
from speko_core.ids import new_id
from speko_core.organizations.archive import store_archive
from speko_core.organizations.schemas import ExportRef, ExportRow
from speko_core.ports.jobs import DOCUMENTS, JobKind
from speko_core.schemas import Nothing
from speko_core.types import JsonObject

FOLDER = "exports"
KEPT = timedelta(days=7)
URL_LIFE_S = 600
_ID = re.compile(r"export_[0-9A-Z]{26}")


async def request(ctx: Ctx, data: Nothing) -> ExportRow:
    """Have the archive made in the background."""
    export_id = new_id("export")
    await ctx.deps.blobs.claim(_marker(ctx.organization_id, export_id))
    args: JsonObject = {"organizationId": ctx.organization_id, "exportId": export_id}
    await ctx.deps.jobs.enqueue(EXPORT.name, args, job_id=export_id, within=ctx.db, queue=DOCUMENTS)
    ctx.resource_id = export_id
    return ExportRow(id=export_id, status="pending", size_bytes=None, url=None, expires_in_seconds=None)


async def get(ctx: Ctx, data: ExportRef) -> ExportRow:
    """Where the archive is, once it is made; each answer has a fresh URL.

    Raises:
        NotFound: none was asked for under this id, or it is older than seven days.
    """
    blobs, organization_id = ctx.deps.blobs, ctx.organization_id
    if not _ID.fullmatch(data.id) or await blobs.size(_marker(organization_id, data.id)) is None:
        raise NotFound("not found", hint="Ask for a new export.")
    key = _key(organization_id, data.id)
    size = await blobs.size(key)
    if size is None:
        return ExportRow(id=data.id, status="pending", size_bytes=None, url=None, expires_in_seconds=None)
    url = await blobs.download_url(key, content_type="application/zip", expires_in_s=URL_LIFE_S)
    return ExportRow(id=data.id, status="ready", size_bytes=size, url=url, expires_in_seconds=URL_LIFE_S)


async def make(deps: Deps, args: JsonObject) -> JsonObject:
    """Make one archive; repeating it replaces the file."""
    organization_id, export_id = str(args["organizationId"]), str(args["exportId"])
    return {"bytes": await store_archive(deps, organization_id, _key(organization_id, export_id))}


def exports_of(organization_id: str) -> str:
    """Where the archives of an organization are."""
    return f"{FOLDER}/{organization_id}"


def _key(organization_id: str, export_id: str) -> str:
    return f"{exports_of(organization_id)}/{export_id}/archive"


def _marker(organization_id: str, export_id: str) -> str:
    return f"{exports_of(organization_id)}/{export_id}/asked"


EXPORT = JobKind(
    name="organization.export",
    run=make,
    summary="Writes all data of an organization into one archive.",
    retry_delays_s=(10.0, 60.0, 600.0),
    queue=DOCUMENTS,
)
