"""`python -m factory`: the same as the command `factory`."""

if __name__ == "__main__":  # not in worker processes, which import this file again and serve no command
    from factory.cli import main

    main()
