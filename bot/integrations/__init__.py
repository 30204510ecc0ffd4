"""Protocols of the systems beside ours (CRM, calendar, payments, mail) and one adapter a file; none is needed yet."""
