"""Tables and exports of other tools -> articles and comments: what a file is, its rows, its columns, its values."""
