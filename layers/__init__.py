"""What is on the map: nouns, rules and pure geometry. Opens nothing, knows no SQL and no web.

Start with `schema.py` (every layer's fields), then `areas.py` (the tree), `coverage.py` (the seamless partition)
and `redraw/` (one operation a file).
"""
