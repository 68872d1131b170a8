"""The keys of events that were counted: pages of them by period, with filters in front."""
