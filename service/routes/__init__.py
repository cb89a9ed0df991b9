"""The endpoints: HTTP in, HTTP out; one file for each."""
