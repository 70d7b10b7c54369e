"""Cursors: what we made continues the page, whatever else is refused."""

import base64
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speko_core.errors import InvalidInput
from speko_core.pagination import decode_cursor, encode_cursor


@given(
    st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2999, 1, 1), timezones=st.just(UTC)),
    st.from_regex(r"[a-z]{2,8}_[0-9A-Z]{26}", fullmatch=True),
)
def test_a_cursor_reads_back_as_the_place_it_was_made_from(moment: datetime, row_id: str) -> None:
    """SES-2"""
    assert decode_cursor(encode_cursor(moment, row_id)) == (moment, row_id)


@given(st.one_of(st.text(max_size=60), st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode())))
def test_any_text_is_a_place_or_a_clear_refusal(cursor: str) -> None:
    """ORG-10"""
    try:
        moment, row_id = decode_cursor(cursor)
    except InvalidInput as refused:
        assert refused.fields[0].field == "cursor"
    else:
        assert moment.tzinfo is UTC
        assert row_id.isprintable()


CRAFTED = ("2026-01-01T00:00:00|x", "0001-01-01T00:00:00+14:00|x", "2026-01-01T00:00:00+00:00|\0")


@pytest.mark.parametrize("payload", CRAFTED)
@pytest.mark.parametrize("path", ["/v1/sessions", "/v1/audit-log"])
async def test_a_crafted_cursor_never_breaks_a_list(payload: str, path: str, rest: httpx.AsyncClient) -> None:
    """ORG-10"""
    cursor = base64.urlsafe_b64encode(payload.encode()).decode()
    answer = await rest.get(path, params={"cursor": cursor})
    assert answer.status_code in (200, 400)
