"""How turns are told apart where the recogniser does not do it: by voice activity and a pause."""

from __future__ import annotations

from pipecat.turns.user_start import TranscriptionUserTurnStartStrategy, VADUserTurnStartStrategy
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies

_PAUSE_SECONDS = 0.6
"""A pause this long after voice activity has stopped ends the turn."""


def speech_timeout_strategies() -> UserTurnStrategies:
    """A turn begins with voice (or words that voice activity missed) and ends with a pause."""
    return UserTurnStrategies(
        start=[VADUserTurnStartStrategy(), TranscriptionUserTurnStartStrategy()],
        stop=[SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=_PAUSE_SECONDS)],
    )
