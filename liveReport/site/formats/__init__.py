"""How a language writes times where it is not as Django would: as reports do."""
