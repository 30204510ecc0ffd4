"""What the bot can do besides talking: one file a tool, a typed async function whose docstring is its schema."""
