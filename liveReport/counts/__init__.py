"""What counting is: tiers and their edges, buckets, cells, sketches and states. Pure."""
