"""What is stored, and the only ones who know how: nobody else speaks SQL of events and numbers.

The fold takes a ``lease``, asks the ``log`` for what is pending, claims ``keys``, has
``buckets`` apply what it counted, and marks the log. Reports read by ``reads``. ``pruning``
deletes by time, and an ``outage`` is told from a mistake.
"""
