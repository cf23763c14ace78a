"""The papers' pictures without content."""

CONTROLS = ("black", "white", "noise")
"""Test sets without content; all others are photographs."""
