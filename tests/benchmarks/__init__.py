"""Speed, as ratios measured in one run: ``python -m tests.benchmarks``.

``__main__`` runs every part in a process of its own on an empty database of each
engine, and prints what they found. A part is a module of ``parts`` with a function
``measure``; what liveReport is measured against is in ``peers``.
"""
