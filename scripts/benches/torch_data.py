# SPDX-License-Identifier: MIT
"""A folder of JPEG classes as one tensor of rows in [0, 1], by torchvision."""

import torch
import torchvision
from torchvision import transforms


def load(folder, processes):
    """(rows, classes); `processes` read beside this one, 0: this one does."""
    turned = transforms.Compose([transforms.Grayscale(), transforms.ToTensor()])
    images = torchvision.datasets.ImageFolder(folder, turned)
    batches = torch.utils.data.DataLoader(images, batch_size=512, num_workers=processes)
    found = [(x.flatten(1), y) for x, y in batches]
    return torch.cat([x for x, _ in found]), torch.cat([y for _, y in found])
