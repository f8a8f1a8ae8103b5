"""`python -m tests.lab`."""

from tests.lab.cli import main

if __name__ == "__main__":
    main()
