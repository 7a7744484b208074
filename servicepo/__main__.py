"""Run the command line: ``python -m servicepo``."""

from .cli import main

if __name__ == "__main__":
    main()
