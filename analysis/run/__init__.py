"""How anything is computed: results kept, one loop over parts, large columns by block."""
