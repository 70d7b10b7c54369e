"""May a managed call start? Answered in memory, before any provider is called (MTR-4).

Per organization a process knows the balance as of its last read or its own last commit, and what its running calls
have reserved. A call is admitted when the rest covers its estimate. Several processes know of each other's debits only
through the database, so together they may overrun a balance by what each admits within `standing.FRESH_S`, and a call
may cost more than its estimate; the debit is booked in full either way, and the balance then stands below zero until a
top-up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from speko_core.errors import InsufficientCredits
from speko_core.metering.movements import Funds


@dataclass
class Account:
    """What one process knows of an organization's money."""

    funds: Funds = Funds(0, "", 0)
    month_limit_micro_usd: int | None = None
    reserved_micro_usd: int = 0


@dataclass
class Reservation:
    """Credit held for one running call, until the call has been booked or given up."""

    account: Account
    micro_usd: int

    def release(self) -> None:
        """Give it back; safe to call twice."""
        self.account.reserved_micro_usd -= self.micro_usd
        self.micro_usd = 0


class CreditBook:
    """The accounts of one process. Without `prepaid` a balance may fall below zero and only limits refuse."""

    def __init__(self, prepaid: bool) -> None:
        self._prepaid = prepaid
        self._accounts: dict[str, Account] = {}

    def load(self, organization_id: str, funds: Funds, month_limit_micro_usd: int | None) -> None:
        """Take what the database says."""
        account = self._accounts.setdefault(organization_id, Account())
        account.funds, account.month_limit_micro_usd = funds, month_limit_micro_usd

    def hear(self, funds: Mapping[str, Funds]) -> None:
        """Take what this process has just written."""
        for organization_id, left in funds.items():
            if organization_id in self._accounts:
                self._accounts[organization_id].funds = left

    def watches(self, organization_id: str) -> bool:
        """False when nothing could refuse a call of this organization, so that no estimate is needed."""
        account = self._accounts.get(organization_id)
        return self._prepaid or (account is not None and account.month_limit_micro_usd is not None)

    def reserve(self, organization_id: str, estimate_micro_usd: int, now: datetime) -> Reservation:
        """Hold credit for a managed call.

        Raises:
            InsufficientCredits: the balance, or the month's limit, does not cover it.
        """
        account = self._accounts.setdefault(organization_id, Account())
        wanted = account.reserved_micro_usd + max(estimate_micro_usd, 1)
        if self._prepaid and account.funds.micro_usd < wanted:
            raise InsufficientCredits(
                "The organization has no credit left for calls with managed provider keys.",
                hint="Add credit, or configure your own provider key: such calls carry no charge.",
            )
        limit, spent = account.month_limit_micro_usd, account.funds.month_spent_micro_usd
        if limit is not None and (spent if account.funds.month == f"{now:%Y-%m}" else 0) + wanted > limit:
            raise InsufficientCredits(
                "The organization's spend limit of this month is reached.",
                "SPEND_LIMIT_REACHED",
                hint="Raise the limit with PUT /v1/credits/limit, or wait for the next month.",
            )
        account.reserved_micro_usd = wanted
        return Reservation(account, max(estimate_micro_usd, 1))
