"""What is learned from source code outside a user's machine; nothing here runs while Ramet is used."""
