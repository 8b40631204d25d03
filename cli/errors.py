"""What a person can mend: said in one clear line on standard error, with exit code 1."""


class Mendable(Exception):
    """One plain line: what is missing or wrong, and what to do."""
