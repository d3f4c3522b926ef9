"""An exam on the command line: its questions put (`prompt`), its labs begun and handed in (`session`)."""
