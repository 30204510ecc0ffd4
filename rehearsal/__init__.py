"""The practice room: simulated callers, stand-ins of the vendors, measuring; nothing but the command line uses it."""
