"""Scripts that make a shell tell which commands it runs, and how a shell is started with them."""
