"""One file a provider; the file's name is its key in STT_PROVIDER, LLM_PROVIDER and TTS_PROVIDER."""
