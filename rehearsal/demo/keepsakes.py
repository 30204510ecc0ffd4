"""What a demo leaves for each call: a two-channel recording, a transcript, a picture; bound together in one page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from bot.domain import Speaker, Turn
from rehearsal.demo.result import SceneResult
from rehearsal.report_page import CallPage, TranscriptLine, write_index
from rehearsal.timeline import Label, draw_timeline, timeline_of


def keep(results: Sequence[SceneResult], *, out_dir: Path, notes: Sequence[str]) -> Path:
    """Write everything into `out_dir` and return the page's path."""
    out_dir = out_dir.resolve()
    out_dir.mkdir(parents=True, exist_ok=True)
    pages = [_keep_call(result, out_dir) for result in results]
    return write_index(out_dir=out_dir, calls=pages, title="NGX Voice: the demo's calls", notes=notes)


def _keep_call(result: SceneResult, out_dir: Path) -> CallPage:
    recording = result.call.recording.save(path=out_dir / f"{result.key}.wav")
    transcript = out_dir / f"{result.key}.json"
    transcript.write_text(json.dumps(_transcript(result), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    picture = draw_timeline(
        timeline=timeline_of(
            result=result.call,
            title=result.title,
            bot_words=[(sentence.at, sentence.text) for sentence in result.sentences],
            labels=_labels(result),
        ),
        path=out_dir / f"{result.key}.png",
    )
    return CallPage(
        title=result.title,
        outcome=result.outcome,
        seconds=result.seconds,
        lines=tuple(_line(at, turn) for at, turn in result.turns),
        recording=recording,
        picture=picture,
        lang=result.language,
        facts=(("Interruptions", str(result.interruptions)), ("Ended by", result.call.ended.by.value)),
        warnings=result.call.warnings,
    )


def _line(at: float, turn: Turn) -> TranscriptLine:
    return TranscriptLine(
        who=turn.speaker.value,
        at=at,
        words=turn.text,
        answer_ms=turn.answer_ms,
        emotion=turn.emotion.label.value if turn.emotion else None,
        tier=turn.tier.key if turn.tier else None,
        stage=turn.stage.value,
        interrupted=turn.interrupted,
    )


def _labels(result: SceneResult) -> list[Label]:
    """The changes of emotion, tier and stage, each where it first shows."""
    labels: list[Label] = []
    seen: dict[str, str] = {}
    for at, turn in result.turns:
        found = {
            "emotion": turn.emotion.label.value if turn.emotion and turn.speaker is Speaker.CALLER else None,
            "tier": turn.tier.key if turn.tier else None,
            "stage": turn.stage.value,
        }
        for kind, value in found.items():
            if value is not None and seen.get(kind) != value:
                seen[kind] = value
                labels.append(Label(at, kind, value))
    return labels


def _transcript(result: SceneResult) -> dict[str, object]:
    return {
        "call_sid": result.call.call_sid,
        "title": result.title,
        "outcome": result.outcome,
        "seconds": round(result.seconds, 2),
        "turns": [
            {
                "at": round(at, 2),
                "who": turn.speaker.value,
                "text": turn.text,
                "language": turn.language,
                "stage": turn.stage.value,
                "interrupted": turn.interrupted,
                "answer_ms": turn.answer_ms,
                "intent": turn.intent.value if turn.intent else None,
                "emotion": turn.emotion.label.value if turn.emotion else None,
                "tier": turn.tier.key if turn.tier else None,
            }
            for at, turn in result.turns
        ],
    }
