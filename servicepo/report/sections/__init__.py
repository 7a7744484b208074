"""The sections of the report, one module each: material in, sentences, tables and figures out."""
