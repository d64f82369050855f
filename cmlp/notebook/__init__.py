"""What a notebook shows: cards, tables, curves, pictures and diagrams as HTML, without scripts and escaped."""
