"""The peer that we are measured against: the plain example bot of pipecat's telephony guide."""
