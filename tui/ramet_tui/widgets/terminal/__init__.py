"""The terminal pane: the user's shell in the app. Nothing of it is imported before it is opened."""
