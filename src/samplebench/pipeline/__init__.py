"""How a benchmark runs: what is asked for, the stages that do it, and what carries them out."""
