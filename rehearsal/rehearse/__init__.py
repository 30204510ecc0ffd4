"""`ngx-voice rehearse`: simulated callers ring a server, and what they hear is measured."""
