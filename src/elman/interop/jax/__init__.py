"""JAX: any network as a pure function, and networks of the cells of flax."""
