"""What each kind of part must do, one noun a file. Imports torch and nothing else of ours."""
