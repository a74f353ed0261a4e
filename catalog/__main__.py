"""`python -m catalog`: the catalog as a process of its own, configured by `OSTIARY_CATALOG_…`."""

from catalog.main import main

if __name__ == "__main__":
    main()
