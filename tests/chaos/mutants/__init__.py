"""Defects that the checker must find: ``CHAOS_MUTANT`` names the one to plant."""
