"""What chat models and embedders share: providers and their keys, litellm itself, Ollama, and what failures mean."""
