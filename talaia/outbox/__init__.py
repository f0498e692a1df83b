"""Facts and their consequences: what happened is a row, each consequence is a row that is retried until it is done."""
