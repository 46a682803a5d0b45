"""The spiking neuron: leaky integrate and fire."""

from __future__ import annotations

import math

from elman.checks import flag, real
from elman.equations import cell, spike


@cell
def lif(p, x, s, u, i, *, membrane=10.0, synapse=5.0, threshold=1.0, slope=100.0, recurrent=True):
    """LIF: neurons whose potential leaks, and which send a spike, and nothing else, where it is above the threshold.

    For event data and for neuromorphic hardware: outputs are 0 or 1, mostly 0. Synaptic currents ``i`` add up and
    decay with the time constant `synapse`, potentials ``u`` with `membrane`, both in steps; a spike takes `threshold`
    from the potential. It is trained by a surrogate gradient of the spike, the steeper the larger the `slope`; see
    `elman.spike`. Count the spikes over time, or add up with a leak, to read a class.

    Parameters ``W`` (H, F), ``b`` (H); ``V`` (H, H) of the spikes of the step before, not without `recurrent`.
    The time constants are those of the tutorial's code, for steps of a millisecond; so is the slope.

    That code (SpyTorch) lets no gradient through the reset; here it goes through it. snnTorch adds the new current in
    the same step, here, as in the tutorial, it counts from the next on.

    Reference: E. O. Neftci, H. Mostafa and F. Zenke, Surrogate gradient learning in spiking neural networks, IEEE
    Signal Processing Magazine 36 (2019); the surrogate of F. Zenke and S. Ganguli, SuperSpike, Neural Computation 30
    (2018).
    """
    beta = math.exp(-1 / real(membrane, "membrane", 0))
    alpha = math.exp(-1 / real(synapse, "synapse", 0))
    threshold, slope = real(threshold, "threshold", 0), real(slope, "slope", 0)
    u = beta * u + i - threshold * s
    i = alpha * i + p.W @ x + p.b
    i = i + p.V @ s if flag(recurrent, "recurrent") else i
    return spike(u - threshold, slope), u, i
