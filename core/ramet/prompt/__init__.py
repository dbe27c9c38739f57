"""What a chat model is given: instructions, numbered sources, attachments and earlier turns, packed to a budget."""
