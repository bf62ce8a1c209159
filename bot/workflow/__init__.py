"""The use cases, one verb a file: link_account, stage, authorise, review, handoff, execute."""
