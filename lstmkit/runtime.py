"""What makes tensors on a CPU fast. Importing lstmkit applies nothing: the commands, the notebooks and `fit` do.

Gradients through hundreds of recurrent steps decay into subnormal floats, and each training step hands
hundreds of megabytes back to the kernel only to fault them in again. Both cost an order of magnitude;
`benchmarks/training.py` shows by how much.
"""

import ctypes
import platform
from pathlib import Path

import torch

_M_TRIM_THRESHOLD = -1  # glibc, malloc.h
_M_MMAP_MAX = -4
_NEVER_TRIM = 2**31 - 1  # bytes


def flush_subnormals() -> bool:
    """Treat subnormal floats as zero in this thread and every thread that it starts later.

    Must run before the first tensor operation: PyTorch's thread pools copy the setting when they start.

    Returns:
        Whether this processor can do it.
    """
    return torch.set_flush_denormal(True)


def keep_freed_memory() -> bool:
    """Let the process keep freed memory instead of handing it back to the kernel at each training step.

    Returns:
        Whether the C library is glibc and took the settings.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(_M_MMAP_MAX, 0) and mallopt(_M_TRIM_THRESHOLD, _NEVER_TRIM))


def computes_in_bfloat16(device: torch.device) -> bool:
    """Whether a device claims to multiply bfloat16 natively; of a processor, as Linux reports it.

    That does not make it faster: `lstmkit.training.precision` measures.

    Args:
        device: on which a model shall be trained.
    """
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    information = Path("/proc/cpuinfo")
    flags = information.read_text().split() if information.exists() else []
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(flags)


def configure() -> None:
    """Apply every setting of this module to the process.

    Programs that trace or explain models on a CPU call it once, before their first tensor operation.
    """
    flush_subnormals()
    keep_freed_memory()
