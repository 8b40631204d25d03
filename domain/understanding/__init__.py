"""From a plain Chinese reply to values, by grammar: no model, no network, explainable."""
