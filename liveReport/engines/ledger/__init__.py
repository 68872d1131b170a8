"""The ledger: what became of each profile of a run, kept in segments, and how many are what."""
