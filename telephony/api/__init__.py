"""The HTTP API under `/api`: what is on record, for the business's own systems."""
