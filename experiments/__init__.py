"""Experiment binaries: flags in, results out."""
