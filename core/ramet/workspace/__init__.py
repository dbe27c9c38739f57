"""What every front end holds: the `Workspace` protocol (`protocol`) and the implementation that does the work (`local`)."""
