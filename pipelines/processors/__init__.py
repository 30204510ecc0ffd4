"""One file a processor of a call's pipeline."""
