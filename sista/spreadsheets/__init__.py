"""Spreadsheets that people bring: CSV and XLSX, read row by row, refused before they do harm. Nothing is written.

`opening.opened` checks a file and yields its rows with their line numbers;
`headers.matched` finds the columns by forgiving names; `records.records` reads
typed cells (`cells`) and gathers what is wrong, by row and column.
"""
