"""An organization's data as one ZIP archive (ORG-7): a file of JSON lines for each table, its documents and recordings.

Credentials, sealed values and what can be computed again are left out. A file per table is written page by page, so an
archive of any size takes little memory; it grows on disk and is stored once it is whole.
"""

import asyncio
import json
import tempfile
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime
from typing import IO

from sqlalchemy import LargeBinary, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.accounts.models import IdempotencyRecord, Membership, Organization, User
from speko_core.db.base import Base, OrganizationScoped
from speko_core.deps import Deps
from speko_core.knowledge import files
from speko_core.knowledge.models import KnowledgeChunk, KnowledgeDocument
from speko_core.ports.blobs import BlobMissing
from speko_core.schemas import wire_time
from speko_core.sessions.models import VoiceSession

PAGE = 500
PIECE_BYTES = 1 << 20
LIMIT_BYTES = 1 << 40
# Answers of requests are short-lived; passages are the documents again.
_LEFT_OUT = (IdempotencyRecord, KnowledgeChunk)
_CREDENTIALS = frozenset({"digest", "token_digest", "plan_signature", "request_digest"})


async def store_archive(deps: Deps, organization_id: str, key: str) -> int:
    """Write the archive and store it under `key`; returns its size in bytes."""
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for table in _tables():
                await _write_table(deps, organization_id, archive, table)
            await _write_people(deps, organization_id, archive)
            for name, stored in await _files(deps, organization_id):
                await _write_file(deps, archive, name, stored)
        file.seek(0)
        return await deps.blobs.put(key, _pieces(file), limit_bytes=LIMIT_BYTES)


def _tables() -> list[type[Base]]:
    """The mapped classes of everything that belongs to an organization, and the organization itself."""
    mapped: list[type[Base]] = [mapper.class_ for mapper in Base.registry.mappers]
    scoped = [cls for cls in mapped if issubclass(cls, OrganizationScoped) and not issubclass(cls, _LEFT_OUT)]
    return [Organization, *sorted(scoped, key=lambda cls: cls.__tablename__)]


async def _write_table(deps: Deps, organization_id: str, archive: zipfile.ZipFile, table: type[Base]) -> None:
    columns = [
        column.key
        for column in inspect(table).columns
        if not isinstance(column.type, LargeBinary) and column.key not in _CREDENTIALS
    ]
    key, last = str(inspect(table).primary_key[0].key), None
    with archive.open(f"{table.__tablename__}.jsonl", "w", force_zip64=True) as out:
        while True:
            async with deps.database.transaction(organization_id, read_only=True) as db:
                rows = await _page(db, table, key, last, organization_id)
            lines = [json.dumps({name: getattr(row, name) for name in columns}, default=_plain) + "\n" for row in rows]
            await asyncio.to_thread(out.write, "".join(lines).encode())
            if len(rows) < PAGE:
                return
            last = getattr(rows[-1], key)


async def _page(db: AsyncSession, table: type[Base], key: str, last: object, organization_id: str) -> list[Base]:
    column = getattr(table, key)
    statement = select(table).order_by(column).limit(PAGE)
    if table is Organization:
        statement = statement.where(Organization.id == organization_id)
    if last is not None:
        statement = statement.where(column > last)
    return list((await db.execute(statement)).scalars())


async def _write_people(deps: Deps, organization_id: str, archive: zipfile.ZipFile) -> None:
    async with deps.database.transaction(organization_id, read_only=True) as db:
        found = select(User.id, User.email, User.name, Membership.role).join(Membership, Membership.user_id == User.id)
        rows = (await db.execute(found.order_by(User.id))).all()
    archive.writestr("users.jsonl", "".join(json.dumps(dict(row._mapping)) + "\n" for row in rows))


async def _files(deps: Deps, organization_id: str) -> list[tuple[str, str]]:
    """Names in the archive and keys in the store of the documents of knowledge bases and the recordings of calls."""
    recorded = (
        select(VoiceSession.id, VoiceSession.recording_object_path)
        .where(VoiceSession.recording_object_path.is_not(None))
        .order_by(VoiceSession.id)
    )
    async with deps.database.transaction(organization_id, read_only=True) as db:
        documents = (await db.execute(select(KnowledgeDocument).order_by(KnowledgeDocument.id))).scalars().all()
        recordings = (await db.execute(recorded)).all()
    found = [(f"documents/{row.id}", files.key(row)) for row in documents]
    return [*found, *((f"recordings/{session_id}.ogg", str(path)) for session_id, path in recordings)]


async def _write_file(deps: Deps, archive: zipfile.ZipFile, name: str, key: str) -> None:
    """One file; one that was never uploaded, or is deleted meanwhile, is left out."""
    if await deps.blobs.size(key) is None:
        return
    with archive.open(name, "w", force_zip64=True) as out:
        try:
            async for piece in deps.blobs.get(key):
                await asyncio.to_thread(out.write, piece)
        except BlobMissing:
            return


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
        yield piece


def _plain(value: object) -> str:
    return wire_time(value) if isinstance(value, datetime) else str(value)
