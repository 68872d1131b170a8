"""Messages by balloon, for liveReport."""
