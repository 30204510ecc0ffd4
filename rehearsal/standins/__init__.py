"""Stand-ins of the vendors on loopback, to which the vendors' real clients talk."""
