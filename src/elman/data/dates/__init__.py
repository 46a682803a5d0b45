"""Times as files write them: their forms, what the fields mean, zones, and how to write the times that follow."""
