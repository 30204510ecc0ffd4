"""Speech that works without an account: hearing (English) by pocketsphinx, speaking by flite and espeak-ng."""
