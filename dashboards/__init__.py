"""The pages of the live report: templates, front end, exports."""
