"""What a spec is made into: a folder for each target, and a line for it in `table.py`."""
