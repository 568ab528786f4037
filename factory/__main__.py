"""`python -m factory`: the same as the command `factory`."""

from factory.cli import main

if __name__ == "__main__":
    main()
