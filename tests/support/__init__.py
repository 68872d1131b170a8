"""What many tests share: sites, browsers, events, a recount of them, and things that go wrong."""
