"""The tables of the durable records. Every row has its tenant; what must be unique is unique within a tenant."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Boolean,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bot.stores.records.columns import Identity, Moment

_NAMES: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of all tables; constraints have predictable names, so that migrations can name them."""

    metadata = MetaData(naming_convention=_NAMES)


class TenantRow(Base):
    """A business that uses this installation."""

    __tablename__ = "tenants"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)


class ProspectRow(Base):
    """A person, known by their number."""

    __tablename__ = "prospects"
    __table_args__ = (UniqueConstraint("tenant_id", "e164"),)
    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    e164: Mapped[str] = mapped_column(String(32))
    name: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(String(16))
    zone: Mapped[str | None] = mapped_column(String(64))
    region: Mapped[str | None] = mapped_column(String(8))
    created_at: Mapped[datetime] = mapped_column(Moment)


class SuppressionRow(Base):
    """A number that must not be contacted; kept apart from the person, whom an erasure removes."""

    __tablename__ = "suppressions"
    __table_args__ = (UniqueConstraint("tenant_id", "e164"),)
    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    e164: Mapped[str] = mapped_column(String(32))
    source: Mapped[str] = mapped_column(String(64))
    call_sid: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Moment)


class CallRow(Base):
    """A phone call. `transcript_stored` says whether its turns were allowed to be kept."""

    __tablename__ = "calls"
    __table_args__ = (UniqueConstraint("tenant_id", "sid"), Index(None, "tenant_id", "id"))
    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    sid: Mapped[str] = mapped_column(String(64))
    direction: Mapped[str] = mapped_column(String(16))
    caller: Mapped[str | None] = mapped_column(String(32))
    callee: Mapped[str | None] = mapped_column(String(32))
    playbook: Mapped[str] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(String(16))
    started_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    outcome: Mapped[str | None] = mapped_column(String(32))
    transcript_stored: Mapped[bool] = mapped_column(Boolean, default=False)


class TurnRow(Base):
    """One turn of a call: for the bot, what the caller heard of it."""

    __tablename__ = "turns"
    __table_args__ = (
        UniqueConstraint("tenant_id", "call_sid", "position"),
        ForeignKeyConstraint(["tenant_id", "call_sid"], ["calls.tenant_id", "calls.sid"], ondelete="CASCADE"),
    )
    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    tenant_id: Mapped[str] = mapped_column(String(64))
    call_sid: Mapped[str] = mapped_column(String(64))
    position: Mapped[int] = mapped_column(Integer)
    speaker: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment)
    language: Mapped[str] = mapped_column(String(16))
    stage: Mapped[str] = mapped_column(String(32))
    interrupted: Mapped[bool] = mapped_column(Boolean)
    answer_ms: Mapped[int | None] = mapped_column(Integer)
    intent: Mapped[str | None] = mapped_column(String(64))
    emotion: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    tier: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class BookingRow(Base):
    """An appointment; one that another moment replaced has `replaced_at`."""

    __tablename__ = "bookings"
    __table_args__ = (
        UniqueConstraint("tenant_id", "reference"),
        UniqueConstraint("tenant_id", "call_sid", "at"),
        ForeignKeyConstraint(["tenant_id", "call_sid"], ["calls.tenant_id", "calls.sid"], ondelete="CASCADE"),
    )
    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    tenant_id: Mapped[str] = mapped_column(String(64))
    reference: Mapped[str] = mapped_column(String(32))
    call_sid: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Moment)
    minutes: Mapped[int] = mapped_column(Integer)
    zone: Mapped[str] = mapped_column(String(64))
    name: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    replaced_at: Mapped[datetime | None] = mapped_column(Moment)


class CallbackRow(Base):
    """A wish to be called back; one a call."""

    __tablename__ = "callbacks"
    __table_args__ = (
        UniqueConstraint("tenant_id", "call_sid"),
        ForeignKeyConstraint(["tenant_id", "call_sid"], ["calls.tenant_id", "calls.sid"], ondelete="CASCADE"),
    )
    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    tenant_id: Mapped[str] = mapped_column(String(64))
    reference: Mapped[str] = mapped_column(String(32))
    call_sid: Mapped[str] = mapped_column(String(64))
    e164: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime | None] = mapped_column(Moment)
    note: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)


class OutboxRow(Base):
    """Something to be told to another system, written with what it tells of; `key` is its idempotency key."""

    __tablename__ = "outbox"
    __table_args__ = (UniqueConstraint("tenant_id", "key"), Index(None, "delivered_at", "id"))
    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    key: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(Moment)
    delivered_at: Mapped[datetime | None] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
