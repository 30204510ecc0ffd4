"""Durable records of calls and people, on SQLite or Postgres."""
