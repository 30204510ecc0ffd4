"""Ear and mouth: everything that is wired with pipecat."""
