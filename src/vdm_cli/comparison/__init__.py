"""Two samples of a table, column by column and pair by pair: plain statistics beside the divergences."""
