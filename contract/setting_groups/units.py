"""Units of settings."""

MIB = 1024 * 1024
DAY_S = 86_400
