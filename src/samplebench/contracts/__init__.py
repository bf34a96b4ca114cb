"""The contracts of all parts, one noun a file. Imports torch and nothing else of samplebench."""
