from .evaluation_point import seen_from_the_gradient
from .optax_transformation import optax
from .torch_optimizer import torch

__all__ = ["optax", "seen_from_the_gradient", "torch"]
