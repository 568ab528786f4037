"""The program that runs inside the wall. Standard library only: nothing else exists in there."""
