"""Pictures of data and of trainings, drawn with matplotlib where it is installed."""
