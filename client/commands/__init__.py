"""One module per group of commands; each registers itself with the application in client/cli.py."""
