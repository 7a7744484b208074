"""The toolbox: formulas of composite evaluation. Frames and arrays in, frames and arrays out."""
