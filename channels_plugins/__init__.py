"""The channels that come with liveReport: one folder, one Django app, one channel each."""
