"""The demo: simulated callers ring the real server, and what happened is shown and kept."""
