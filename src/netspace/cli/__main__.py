"""python -m netspace.cli."""

from netspace.cli.start import main

if __name__ == "__main__":
    main()
