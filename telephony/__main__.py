"""`python -m telephony` is `ngx-voice`."""

from telephony.cli import main

if __name__ == "__main__":
    main()
