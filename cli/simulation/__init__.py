"""A span of a county's life, played by scripted people through the real application without a socket."""
