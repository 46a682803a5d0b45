"""Orvieto et al. 2023: x' = diag(lambda) x + exp(gamma) (B u), y = Re(C x') + D u."""

import torch
from tests.parity.cells import reference


@reference("lru")
@reference("lru", sizes={"re": 4})
def linear(p, u, re, im):
    lam = torch.exp(torch.complex(-p.nu_log.exp(), p.theta_log.exp()))
    B, C = torch.complex(p.B_re, p.B_im), torch.complex(p.C_re, p.C_im)
    x = lam * torch.complex(re, im) + p.gamma_log.exp() * (B @ u.to(B.dtype))
    return (C @ x).real + p.D @ u, x.real, x.imag
