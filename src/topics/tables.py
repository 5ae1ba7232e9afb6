"""The columns of every table that passes from one room to the next.

A table may have more columns behind these, never fewer. `conform` puts the columns in order and
says what is missing; `write_table` writes a table as CSV and Parquet, whole or not at all.
"""
