"""Twilio's side of the door: webhooks, Media Streams, REST."""
