"""The report: HTML, Word, Excel, figures and manifest."""
