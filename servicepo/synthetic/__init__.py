"""A county that never was: its four tables, the truth behind them, the files it sends."""
