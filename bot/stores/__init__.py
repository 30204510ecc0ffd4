"""What outlives a turn: sessions (Redis or in process), records (Postgres or SQLite), the outbox, migrations."""
