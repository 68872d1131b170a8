"""Where log and rollups live. The seam is ``writes`` and ``reads``; both speak SQL today."""
