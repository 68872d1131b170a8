"""What liveReport is measured against."""
