"""The GRU, as K. Cho et al. (EMNLP 2014) and as PyTorch's documentation of nn.GRU have it."""

import torch
from tests.parity.cells import reference


@reference("gru", options={"reset_after": False})
def cho(p, x, h):
    r = torch.sigmoid(p.W_r @ x + p.U_r @ h + p.b_r)
    z = torch.sigmoid(p.W_z @ x + p.U_z @ h + p.b_z)
    candidate = torch.tanh(torch.cat([p.W_n, p.U_n], 1) @ torch.cat([x, r * h]) + p.b_n)
    return z * h + (1 - z) * candidate


@reference("gru")
def pytorch(p, x, h):
    """Stacked r, z, n; a second bias, which is zero but for n."""
    hidden = len(h)
    cell = torch.func.functional_call
    unit = torch.nn.GRUCell(len(x), hidden, dtype=torch.float64)
    arrays = {
        "weight_ih": torch.cat([p.W_r, p.W_z, p.W_n]),
        "weight_hh": torch.cat([p.U_r, p.U_z, p.U_n]),
        "bias_ih": torch.cat([p.b_r, p.b_z, p.b_n]),
        "bias_hh": torch.cat([torch.zeros(2 * hidden), p.c_n]),
    }
    return cell(unit, arrays, (x, h))
