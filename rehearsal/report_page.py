"""One page for a round of rehearsed calls: outcome, sound, timeline and transcript of each, in a single index.html."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from statistics import median
from urllib.parse import quote

_STYLE = """
:root{color-scheme:light dark;--paper:#fbfbf9;--card:#fff;--ink:#1f2933;--faint:#5f6c7b;--rule:#e4e7eb;
--caller:#2f6db3;--caller-bg:#eaf2fb;--bot:#a85a10;--bot-bg:#fdf3e7;--chip:#f0f2f5;
--good:#22663f;--mid:#8a5a10;--bad:#b03a2e}
@media (prefers-color-scheme:dark){:root{--paper:#14181d;--card:#1c2229;--ink:#e6eaef;--faint:#9aa7b4;--rule:#2d3640;
--caller:#8dbcf0;--caller-bg:#1b2a3b;--bot:#f0b06a;--bot-bg:#33281a;--chip:#28303a;
--good:#79cf9d;--mid:#e3b65d;--bad:#f0918a}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:70rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .5rem;letter-spacing:-.01em}
h2{font-size:1.2rem;line-height:1.3;margin:0}
.notes{color:var(--faint);margin:.25rem 0;max-width:48rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;margin:1.5rem 0 2.5rem;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.5rem .75rem .5rem 0;border-bottom:1px solid var(--rule);vertical-align:top}
th{font-size:.8rem;font-weight:600;color:var(--faint)}
td.n,th.n{text-align:right;white-space:nowrap;padding-right:1.5rem}
a{color:var(--caller)}
section{background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:1.5rem;margin:0 0 1.75rem}
header{display:flex;flex-wrap:wrap;gap:.5rem .9rem;align-items:center;margin-bottom:.9rem}
.outcome{font-size:.85rem;font-weight:600;border:1px solid currentColor;border-radius:99px;padding:.05rem .7rem;
color:var(--good);white-space:nowrap}
.outcome.dull{color:var(--faint)}.outcome.bad{color:var(--bad)}
.facts{display:flex;flex-wrap:wrap;gap:.2rem 1.6rem;margin:0 0 1rem;color:var(--faint);font-size:.9rem}
.facts div{display:flex;gap:.4rem}.facts dt::after{content:":"}.facts dd{margin:0;color:var(--ink)}
audio{width:100%;display:block;margin:0 0 1rem}
.picture{display:block;overflow-x:auto;border-radius:8px;background:#fff;border:1px solid var(--rule)}
.picture img{display:block;width:100%;min-width:44rem;height:auto}
h3{font-size:.95rem;margin:1.4rem 0 .5rem}
ol{list-style:none;margin:0;padding:0}
li{display:grid;grid-template-columns:3.6rem 4.2rem 1fr auto;gap:.1rem .6rem;align-items:baseline;padding:.4rem .6rem;
border-left:3px solid var(--side);margin-bottom:3px;border-radius:0 6px 6px 0}
li.caller{--side:var(--caller)}li.bot{--side:var(--bot)}
li.now{background:var(--tint)}li.caller{--tint:var(--caller-bg)}li.bot{--tint:var(--bot-bg)}
.who{font-weight:600;color:var(--side);font-size:.9rem}
.at{font:inherit;font-size:.85rem;font-variant-numeric:tabular-nums;color:var(--faint);background:none;border:0;
padding:0;text-align:left;cursor:pointer;text-decoration:underline dotted;text-underline-offset:3px}
.at:focus-visible,a:focus-visible{outline:2px solid var(--caller);outline-offset:2px}
.chips{display:flex;flex-wrap:wrap;gap:.3rem;justify-content:flex-end;max-width:19rem}
.chips span{font-size:.78rem;background:var(--chip);border-radius:5px;padding:.05rem .45rem;white-space:nowrap}
.quick{color:var(--good)}.slow{color:var(--mid)}.late{color:var(--bad)}
.cut{color:var(--faint);font-style:italic}
.warnings{color:var(--bad);font-size:.9rem;margin:.8rem 0 0;padding-left:1.1rem;list-style:disc}
.warnings li{display:list-item;border:0;padding:0}
@media (max-width:40rem){li{grid-template-columns:3.2rem 1fr}.words,.chips{grid-column:1/-1;justify-content:flex-start}}
"""

_SCRIPT = """
for (const section of document.querySelectorAll('section')) {
  const audio = section.querySelector('audio');
  if (!audio) continue;
  const lines = [...section.querySelectorAll('li[data-at]')];
  for (const line of lines)
    line.querySelector('.at').addEventListener('click', () => {
      audio.currentTime = Number(line.dataset.at); audio.play();
    });
  audio.addEventListener('timeupdate', () => {
    const past = lines.filter(line => Number(line.dataset.at) <= audio.currentTime + 0.05);
    for (const line of lines) line.classList.toggle('now', !audio.paused && line === past[past.length - 1]);
  });
}
"""

_GOOD = frozenset({"booked", "sold", "callback", "transferred", "info_sent"})
_BAD = frozenset({"dropped", "failed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptLine:
    """One utterance: `who` is caller or bot, `at` in seconds since the answer."""

    who: str
    at: float
    words: str
    answer_ms: float | None = None
    """The bot's answer time after the caller's last sample."""
    emotion: str | None = None
    tier: str | None = None
    stage: str | None = None
    interrupted: bool = False
    """The caller cut this short: the words are those that were heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPage:
    """One call's section. The files lie in the page's folder or below it."""

    title: str
    outcome: str
    seconds: float
    lines: tuple[TranscriptLine, ...]
    recording: Path | None = None
    picture: Path | None = None
    lang: str = "en"
    facts: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()


def write_index(*, out_dir: Path, calls: Sequence[CallPage], title: str, notes: Sequence[str] = ()) -> Path:
    """Write `index.html` into `out_dir` and return its path. It needs nothing from elsewhere.

    Raises:
        ValueError: a call's file is missing or outside `out_dir`.
        OSError: the page cannot be written.
    """
    sections = "\n".join(_section(out_dir, call, number) for number, call in enumerate(calls, 1))
    remarks = "\n".join(f'<p class="notes">{escape(note)}</p>' for note in notes)
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
{remarks}
{_overview(calls)}
{sections}
</main>
<script>{_SCRIPT}</script>
</body>
</html>
"""
    out_dir.mkdir(parents=True, exist_ok=True)
    path = out_dir / "index.html"
    path.write_text(page, encoding="utf-8")
    return path


def _overview(calls: Sequence[CallPage]) -> str:
    rows = "\n".join(
        f'<tr><td><a href="#call-{number}">{escape(call.title)}</a></td><td>{_outcome(call)}</td>'
        f'<td class="n">{_clock(call.seconds)}</td><td class="n">{_median_answer(call)}</td></tr>'
        for number, call in enumerate(calls, 1)
    )
    return (
        '<div class="wide"><table><thead><tr><th scope="col">Call</th><th scope="col">Outcome</th>'
        '<th scope="col" class="n">Length</th><th scope="col" class="n">Median answer</th></tr></thead>'
        f"<tbody>\n{rows}\n</tbody></table></div>"
    )


def _section(out_dir: Path, call: CallPage, number: int) -> str:
    parts = [
        f'<section id="call-{number}" aria-labelledby="title-{number}">',
        f'<header><h2 id="title-{number}">{escape(call.title)}</h2>{_outcome(call)}</header>',
        _facts(call),
    ]
    if call.recording is not None:
        label = escape(f"Recording of: {call.title} (caller left, bot right)", quote=True)
        source = _link(out_dir, call.recording)
        parts.append(f'<audio controls preload="metadata" src="{source}" aria-label="{label}"></audio>')
    if call.picture is not None:
        source = _link(out_dir, call.picture)
        alt = escape(f"Timeline of the call: {call.title}. The transcript below says the same in words.", quote=True)
        parts.append(f'<a class="picture" href="{source}"><img src="{source}" alt="{alt}" loading="lazy"></a>')
    lines = "\n".join(_line(line) for line in call.lines)
    parts.append(f'<h3>Transcript</h3>\n<ol lang="{escape(call.lang, quote=True)}">\n{lines}\n</ol>')
    if call.warnings:
        items = "".join(f"<li>{escape(warning)}</li>" for warning in call.warnings)
        parts.append(f'<ul class="warnings">{items}</ul>')
    parts.append("</section>")
    return "\n".join(part for part in parts if part)


def _facts(call: CallPage) -> str:
    facts = (("Length", _clock(call.seconds)), *call.facts)
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return f'<dl class="facts">{rows}</dl>'


def _line(line: TranscriptLine) -> str:
    side = "bot" if line.who == "bot" else "caller"
    cut = ' <span class="cut" lang="en">(interrupted)</span>' if line.interrupted else ""
    clock = _clock(line.at)
    return (
        f'<li class="{side}" data-at="{line.at:.2f}">'
        f'<button type="button" class="at" aria-label="Play from {clock}">{clock}</button>'
        f'<span class="who">{escape(line.who.capitalize())}</span>'
        f'<span class="words">{escape(line.words)}{cut}</span><span class="chips" lang="en">{_chips(line)}</span></li>'
    )


def _chips(line: TranscriptLine) -> str:
    chips: list[str] = []
    if line.answer_ms is not None:
        speed = "quick" if line.answer_ms <= 800 else "slow" if line.answer_ms <= 1400 else "late"
        chips.append(f'<span class="{speed}">{line.answer_ms:.0f} ms</span>')
    for name, value in (("emotion", line.emotion), ("tier", line.tier), ("stage", line.stage)):
        if value:
            chips.append(f"<span>{name} {escape(value)}</span>")
    return "".join(chips)


def _outcome(call: CallPage) -> str:
    kind = "" if call.outcome in _GOOD else " bad" if call.outcome in _BAD else " dull"
    return f'<span class="outcome{kind}">{escape(call.outcome.replace("_", " "))}</span>'


def _median_answer(call: CallPage) -> str:
    times = [line.answer_ms for line in call.lines if line.answer_ms is not None]
    return f"{median(times):.0f} ms" if times else "\u2013"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _link(out_dir: Path, path: Path) -> str:
    relative = os.path.relpath(path.resolve(), out_dir.resolve())
    if relative.startswith(os.pardir):
        raise ValueError(f"{path} must lie in {out_dir}, next to the page that links it")
    if not path.is_file():
        raise ValueError(f"the page links {path}, which does not exist")
    return escape(quote(relative), quote=True)
