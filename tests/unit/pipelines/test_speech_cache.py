"""What a call finds among the sentences that were synthesised ahead."""

from __future__ import annotations

from bot.playbook import load_playbook
from pipelines.speech_cache import CachedSpeech, Sentence, SpeechCache, playbook_sentences

HELLO = Sentence(text="Hello there.", language="en")
HOLA = Sentence(text="Hola.", language="es")
SPEECH = CachedSpeech(ulaw=b"\x10\x20" * 400, words=(("Hello", 0.0), ("there.", 0.05)))


def cache(*sentences: Sentence, memory_bytes: int = 1_000_000, identity: str = "voice") -> SpeechCache:
    return SpeechCache(identity=identity, sentences=sentences, memory_bytes=memory_bytes)


def test_what_was_put_in_is_found_by_its_words_and_language() -> None:
    kept = cache(HELLO)
    kept.put(HELLO, SPEECH)
    assert kept.get("Hello there.", language="en") is SPEECH
    assert kept.get("Hello there.", language="es") is None
    assert kept.get("Hello there", language="en") is None
    assert kept.get("Hello there.", language="en", pace=0.85) is None


def test_a_sentence_that_may_be_kept_is_wanted_next_when_it_is_missed() -> None:
    kept = cache(HELLO, HOLA)
    assert kept.next_missing() == HELLO
    assert kept.get("Hola.", language="es") is None
    assert kept.next_missing() == HOLA


def test_a_sentence_that_is_not_in_the_playbook_is_never_wanted() -> None:
    kept = cache(HELLO)
    kept.put(HELLO, SPEECH)
    assert kept.get("Nice to meet you, Ana.", language="en") is None
    assert kept.missing() == ()
    assert not kept.wanted.is_set()


def test_a_slower_form_of_a_fixed_sentence_is_made_once_somebody_wants_it() -> None:
    kept = cache(HELLO)
    kept.put(HELLO, SPEECH)
    assert kept.get(HELLO.text, language="en", pace=0.85) is None
    slower = Sentence(text=HELLO.text, language="en", pace=0.85)
    assert kept.next_missing() == slower
    kept.put(slower, SPEECH)
    assert kept.get(HELLO.text, language="en", pace=0.85) is SPEECH


def test_memory_is_bounded_and_what_was_used_last_stays() -> None:
    sentences = [Sentence(text=f"Sentence {number}.", language="en") for number in range(20)]
    speech = CachedSpeech(ulaw=bytes(1000))
    kept = cache(*sentences, memory_bytes=5000)
    for sentence in sentences[:5]:
        kept.put(sentence, speech)
    assert kept.get(sentences[0].text, language="en") is not None
    for sentence in sentences[5:9]:
        kept.put(sentence, speech)
    assert kept.bytes_kept <= 5000
    assert len(kept) == 5
    assert kept.get(sentences[0].text, language="en") is not None
    assert kept.get(sentences[1].text, language="en") is None
    assert kept.next_missing() == sentences[1]


def test_putting_a_sentence_again_does_not_count_it_twice() -> None:
    kept = cache(HELLO)
    for _ in range(3):
        kept.put(HELLO, SPEECH)
    assert kept.bytes_kept == SPEECH.size


def test_the_name_of_a_sound_depends_on_all_that_makes_it_and_shows_no_words() -> None:
    names = {
        cache(identity="one").key(HELLO),
        cache(identity="two").key(HELLO),
        cache(identity="one").key(HOLA),
        cache(identity="one").key(Sentence(text=HELLO.text, language="es")),
        cache(identity="one").key(Sentence(text=HELLO.text, language="en", pace=0.85)),
    }
    assert len(names) == 5
    assert not [name for name in names if "Hello" in name]
    assert cache(identity="one").key(HELLO) in names


def test_the_greetings_of_every_language_come_first() -> None:
    playbook = load_playbook("ngx")
    first = playbook_sentences(playbook)[:6]
    for language in playbook.languages:
        for key in ("notice.disclosure_inbound", "notice.storage", "open.inbound"):
            assert Sentence(text=playbook.sentences(language, key)[0], language=language) in first


def test_speech_is_two_bytes_a_sample_for_a_pipeline() -> None:
    assert len(SPEECH.pcm) == 2 * len(SPEECH.ulaw)
    assert SPEECH.seconds == 0.1
