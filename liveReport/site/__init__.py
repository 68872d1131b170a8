"""What every stage stands on: accounts, sessions, errors, health, logs, processes."""
