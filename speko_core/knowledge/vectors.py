"""How embeddings are stored: little-endian float32, as bytes on SQLite and as `real[]` on PostgreSQL.

`real[]` needs no extension and casts to pgvector's `vector` where that extension is installed.
"""

import struct
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.dialects.postgresql import ARRAY, REAL
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

FLOAT_BYTES = 4


class EmbeddingColumn(TypeDecorator[bytes]):
    """A vector, in Python as packed float32."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """`real[]` on PostgreSQL, a blob elsewhere."""
        return dialect.type_descriptor(ARRAY(REAL) if dialect.name == "postgresql" else LargeBinary())

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | Sequence[float] | None:
        """Unpack for PostgreSQL."""
        return unpacked(value) if value is not None and dialect.name == "postgresql" else value

    def process_result_value(self, value: bytes | Sequence[float] | None, dialect: Dialect) -> bytes | None:
        """Pack what PostgreSQL gave."""
        return value if value is None or isinstance(value, bytes) else packed(value)


class PgVector(UserDefinedType[str]):
    """The type of the extension pgvector, for casts."""

    cache_ok = True

    def get_col_spec(self, **options: Any) -> str:
        """Its name in SQL."""
        return "vector"


def packed(vector: Sequence[float]) -> bytes:
    """Floats as bytes."""
    return struct.pack(f"<{len(vector)}f", *vector)


def unpacked(vector: bytes) -> Sequence[float]:
    """Bytes as floats."""
    return list(struct.unpack(f"<{len(vector) // FLOAT_BYTES}f", vector))
