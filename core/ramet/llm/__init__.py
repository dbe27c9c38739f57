"""Chat models: the `ChatModel` protocol, litellm behind it, and how a model is chosen."""
