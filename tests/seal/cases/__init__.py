"""The cases that make_vectors.py writes down: a module for each file of vectors/."""
