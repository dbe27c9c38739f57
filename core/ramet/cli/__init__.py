"""The command line: parses, calls a `Workspace`, prints and exits; it imports nothing heavy."""
