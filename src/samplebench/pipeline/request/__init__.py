"""What is asked for, and is it measured already? Plans; runs nothing and reads no data."""
