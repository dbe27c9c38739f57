"""A question answered from the repository: retrieval, tools, streaming, checked citations."""
