"""C: any network as one file for machines without an operating system."""
