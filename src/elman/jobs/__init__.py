"""Many independent jobs, in processes of this machine or of others; joblib runs them."""

from elman.jobs.run import Watch, as_jobs, each_job, run_jobs

__all__ = ["Watch", "as_jobs", "each_job", "run_jobs"]
