"""Reads tables that others made, row by row, in bounded memory."""

from .opening import open_table
from .table import Position, Row, RowProblem, Table, TableRefused

__all__ = ["Position", "Row", "RowProblem", "Table", "TableRefused", "open_table"]
