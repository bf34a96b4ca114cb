"""The single dimensions of a copula: their ranks and their smooth distributions."""
