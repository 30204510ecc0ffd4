"""The statements that several methods of the records share, for one tenant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Select, Table, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from bot.stores.records.protocol import UnknownCall
from bot.stores.records.tables import Base, CallRow, OutboxRow, ProspectRow, SuppressionRow


@dataclass(frozen=True, kw_only=True)
class Statements:
    """Statements on rows of one tenant, inside the caller's transaction; `now` gives the time of new rows."""

    tenant_id: str
    now: Callable[[], datetime]

    def insert_once(self, session: Session, kind: type[Base], *, values: dict[str, Any], key: tuple[str, ...]) -> bool:
        """Insert unless a row with this key is there; True where it was inserted."""
        table = cast("Table[Any]", kind.__table__)
        dialect_insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
        statement = dialect_insert(table).values(**values).on_conflict_do_nothing(index_elements=list(key))
        # Postgres tells no row count here; what was inserted is what comes back.
        return session.execute(statement.returning(table.c.id)).first() is not None

    def ensure_prospect(self, session: Session, e164: str) -> None:
        """Record a person's number, once."""
        values = {"tenant_id": self.tenant_id, "e164": e164, "created_at": self.now()}
        self.insert_once(session, ProspectRow, values=values, key=("tenant_id", "e164"))

    def tell(self, session: Session, kind: str, *, subject: str, payload: dict[str, Any]) -> None:
        """Put something into the outbox, once for each kind and subject."""
        values = {
            "tenant_id": self.tenant_id,
            "key": f"{kind}:{subject}",
            "kind": kind,
            "payload": payload,
            "created_at": self.now(),
            "attempts": 0,
        }
        self.insert_once(session, OutboxRow, values=values, key=("tenant_id", "key"))

    def call(self, call_sid: str) -> Select[CallRow]:
        """The query for a call."""
        return select(CallRow).where(CallRow.tenant_id == self.tenant_id, CallRow.sid == call_sid)

    def demand_call(self, session: Session, call_sid: str, *, lock: bool = False) -> None:
        """Demand that the call is there; `lock` lets one writer at a time change what hangs on it.

        Raises:
            UnknownCall: `open_call` never saw it.
        """
        query = self.call(call_sid)
        if session.scalar(query.with_for_update() if lock else query) is None:
            raise UnknownCall(call_sid)

    def suppressed(self, session: Session, e164: str) -> bool:
        """Whether the number must not be contacted."""
        query = select(SuppressionRow.id).where(SuppressionRow.tenant_id == self.tenant_id, SuppressionRow.e164 == e164)
        return session.scalar(query) is not None
