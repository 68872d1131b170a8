"""System checks of what the channels declare: ``manage.py check`` names every mistake."""
