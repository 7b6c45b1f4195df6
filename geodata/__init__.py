"""Where it lives: rows, files, coordinates and tiles. Start with `store.py`, the only door."""
