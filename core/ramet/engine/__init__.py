"""The background process that does the work for all front ends, and `RemoteWorkspace`, which forwards to it."""
