"""Where the network's weights come from: bundled, fetched, or a file of the user's.

Knows names, hashes, licences and file formats; nothing of jobs or engines.
"""
