"""The only way to git: a runner that lets no repository run a program, and what it tells about a repository."""
