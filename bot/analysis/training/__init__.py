"""Training and measuring of the small text models: run by hand, never at run time."""
