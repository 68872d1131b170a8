"""What an event is: its columns and batches, keyed hashes, instants and limits."""
