"""Shell completion: the words that may follow (`candidates`), read off the verbs' own arguments (`recorder`)."""
