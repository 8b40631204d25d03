"""The sample county of the documentation, the demo and the simulator, shipped with the program."""
