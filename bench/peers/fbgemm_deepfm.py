"""DeepFM on fbgemm's fused tables, on which torchrec builds: the backward pass updates rows in place, row-wise Adagrad."""
import logging

logging.disable(logging.WARNING)  # its table of fitting versions of PyTorch ends before this one

import torch
from fbgemm_gpu.split_embedding_configs import EmbOptimType
from fbgemm_gpu.split_table_batched_embeddings_ops_common import BoundsCheckMode, EmbeddingLocation, PoolingMode
from fbgemm_gpu.split_table_batched_embeddings_ops_training import ComputeDevice, SplitTableBatchedEmbeddingBagsCodegen

import peer

# Widths are multiples of 4: 16 for the vector, and 4 of which the wide part is the first.
WIDTH = peer.DIM + 4
TABLE_RATE = 0.02


class Model:

  def __init__(self):
    self.tables = SplitTableBatchedEmbeddingBagsCodegen(
        [(peer.BUCKETS, WIDTH, EmbeddingLocation.HOST, ComputeDevice.CPU)] * peer.CATEGORIES,
        optimizer=EmbOptimType.EXACT_ROWWISE_ADAGRAD,
        learning_rate=TABLE_RATE,
        eps=1e-8,
        pooling_mode=PoolingMode.SUM,
        bounds_check_mode=BoundsCheckMode.NONE,
    )
    self.tables.init_embedding_weights_uniform(-peer.INITIAL, peer.INITIAL)
    self.dense = peer.Dense()
    self.optimizer = torch.optim.Adam(self.dense.parameters(), lr=1e-3, fused=True)
    self.offsets = {}

  def forward(self, numbers, ids):
    size = len(ids)
    if size not in self.offsets:
      self.offsets[size] = torch.arange(size * peer.CATEGORIES + 1)
    rows = self.tables(ids.t().reshape(-1), self.offsets[size]).view(size, peer.CATEGORIES, WIDTH)
    vectors, wide = rows[:, :, :peer.DIM], rows[:, :, peer.DIM]
    return self.dense(numbers, vectors, wide)

  def step(self, batch, number):
    numbers, ids, labels = batch
    logits, squares = self.forward(numbers, ids)
    self.optimizer.zero_grad(set_to_none=True)
    self.optimizer.param_groups[0]['lr'] = peer.rate_at(number, 1e-3)
    self.tables.set_learning_rate(peer.rate_at(number, TABLE_RATE))
    peer.loss_of(logits, labels, squares).backward()
    self.optimizer.step()

  @torch.no_grad()
  def predict(self, batch):
    numbers, ids, _ = batch
    self.dense.eval()
    return torch.sigmoid(self.forward(numbers, ids)[0])


if __name__ == '__main__':
  options = peer.arguments()
  peer.run(options, Model())
