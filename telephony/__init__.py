"""The door: Twilio, the HTTP app and the command line. It builds everything and lets people in."""
