"""What tools say when something failed: one module for each family of formats, and a registry that tries them."""
