"""The read-only file viewer: documents, the widget that draws code, and the pane around it."""
