"""What is kept on disk: the index database (SQLite), vectors (Chroma) and conversations (SQLite)."""
