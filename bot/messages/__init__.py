"""Everything that a person can read in Slack: one function per message, from domain values to Block Kit.

Text from outside reaches Slack in two ways only: in plain_text objects (`plain`), or escaped (`safe`). A function whose
name ends in `_words` in `_words.py` gives plain words that hold text from outside; they go through one of the two.
"""
