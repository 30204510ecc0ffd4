"""Tests of all rooms; a package, so that its fixtures can be imported."""
