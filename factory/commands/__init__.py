"""What each command does, with the flow and its executor put together; `factory.cli` reads the command line."""
