"""DeepFM in PyTorch alone: one sparse embedding for all categories and both parts, SparseAdam, fused dense Adam."""
import torch
from torch import nn

import peer


class Model:

  def __init__(self):
    # One table for all: one gather, one sort of the gradient and one update a step. The last column is the wide part.
    self.table = nn.Embedding(peer.CATEGORIES * peer.BUCKETS, peer.DIM + 1, sparse=True, _weight=initial_rows())
    self.offsets = torch.arange(peer.CATEGORIES) * peer.BUCKETS
    self.dense = peer.Dense()
    self.optimizers = [
        torch.optim.SparseAdam(self.table.parameters(), lr=1e-3),
        torch.optim.Adam(self.dense.parameters(), lr=1e-3, fused=True),
    ]

  def forward(self, numbers, ids):
    rows = self.table(ids + self.offsets)  # [B, 26, 17]
    vectors, wide = rows[:, :, :peer.DIM], rows[:, :, peer.DIM]
    return self.dense(numbers, vectors, wide)

  def step(self, batch, number):
    numbers, ids, labels = batch
    logits, squares = self.forward(numbers, ids)
    for optimizer in self.optimizers:
      optimizer.zero_grad(set_to_none=True)
      optimizer.param_groups[0]['lr'] = peer.rate_at(number, 1e-3)
    peer.loss_of(logits, labels, squares).backward()
    for optimizer in self.optimizers:
      optimizer.step()

  @torch.no_grad()
  def predict(self, batch):
    numbers, ids, _ = batch
    self.dense.eval()
    return torch.sigmoid(self.forward(numbers, ids)[0])


def initial_rows():
  weights = torch.empty(peer.CATEGORIES * peer.BUCKETS, peer.DIM + 1)
  return weights.uniform_(-peer.INITIAL, peer.INITIAL)


if __name__ == '__main__':
  options = peer.arguments()
  peer.run(options, Model())
