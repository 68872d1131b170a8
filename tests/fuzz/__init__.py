"""Whatever providers' adapters are given, guided by what it reaches: ``make fuzz``.

``__main__`` writes what providers publish as the first inputs, and runs ``target``, which
``attack`` is the whole of. Needs ``atheris``, which there is for Linux only.
"""
