"""What is in a repository: files, hashes, chunks, symbols, and their store."""
