"""Results that travel: merged, bundled, and validated. Whatever they hold, nothing of it is
executed, and nothing is written outside of the folder that is asked for. No torch.
"""
