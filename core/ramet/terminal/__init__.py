"""What happens in a terminal: emulating one, recording its commands and understanding what they said."""
