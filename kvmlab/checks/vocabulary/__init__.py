"""The nouns of a checker and the facts each has: a file per family, each fact one line with its command and meaning."""
