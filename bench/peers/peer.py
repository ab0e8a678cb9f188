"""What the peers on PyTorch share: reading with polars, the dense part of DeepFM, timing, AUC.

The model is that of configs/deepfm_backbone_on_criteo.config: 26 hashed categories of a million rows and 13 numbers,
16 wide, a factorization machine, MLPs of 256, 128 and 64 with batch normalization before and after.
"""
import argparse
import io
import json
import os
import queue
import resource
import threading
import time

import numpy as np
import polars as pl
import torch
from torch import nn

NUMBERS = 13
CATEGORIES = 26
BUCKETS = 1_000_000
DIM = 16
# max_val of the config; min_val is 0.
MOST = [5775, 257675, 65535, 969, 23159456, 431037, 56311, 6047, 29019, 46, 231, 4008, 7393]
REGULARIZATION = 1e-5
# Rows begin uniform with the variance of EasyRec's default, normal of 0.01 / sqrt(16) cut at two deviations: uniform is
# drawn in a third of the time, which is the first step's.
INITIAL = 0.0038
BLOCK_BYTES = 16 << 20
NAMES = ['label'] + [f'F{i + 1}' for i in range(NUMBERS)] + [f'C{i + 1}' for i in range(CATEGORIES)]
SCHEMA = {name: pl.String if name[0] == 'C' else pl.Float32 for name in NAMES}


def arguments():
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument('--train', required=True)
  parser.add_argument('--test')
  parser.add_argument('--steps', type=int, default=0, help='time so many steps on prepared batches, read nothing else')
  parser.add_argument('--batches', type=int, default=48, help='how many batches to prepare for --steps')
  parser.add_argument('--batch', type=int, default=4096)
  parser.add_argument('--threads', type=int, default=2)
  parser.add_argument('--seed', type=int, default=2020)
  parsed = parser.parse_args()
  torch.set_num_threads(parsed.threads)
  torch.set_flush_denormal(True)
  torch.manual_seed(parsed.seed)
  return parsed


def parse(block):
  """A block of whole lines as numbers in 0 to 1, ids and labels; a missing category is a value of its own."""
  frame = pl.read_csv(io.BytesIO(block), separator='\t', has_header=False, new_columns=NAMES, schema=SCHEMA)
  ids = frame.select(
      (pl.col(name).fill_null('').hash(0) % BUCKETS).cast(pl.Int64) for name in NAMES[1 + NUMBERS:])
  numbers = frame.select(pl.col(name).fill_null(0) / MOST[i] for i, name in enumerate(NAMES[1:1 + NUMBERS]))
  return numbers.to_numpy().astype(np.float32), ids.to_numpy(), frame['label'].to_numpy()


def blocks(path):
  with open(path, 'rb') as file:
    rest = b''
    while chunk := file.read(BLOCK_BYTES):
      end = chunk.rfind(b'\n') + 1
      yield rest + chunk[:end]
      rest = chunk[end:]
    if rest:
      yield rest


def batches(path, size):
  """Batches of torch tensors: numbers [B, 13], ids [B, 26], labels [B]; the last may be smaller."""
  left = None
  for block in blocks(path):
    parts = parse(block)
    if left is not None:
      parts = tuple(np.concatenate(pair) for pair in zip(left, parts))
    whole = len(parts[2]) // size * size
    for begin in range(0, whole, size):
      yield tuple(torch.from_numpy(np.ascontiguousarray(part[begin:begin + size])) for part in parts)
    left = tuple(part[whole:] for part in parts)
  if left is not None and len(left[2]) > 0:
    yield tuple(torch.from_numpy(np.ascontiguousarray(part)) for part in left)


def read_ahead(source, depth=128):
  """The items of a generator, made by another thread."""
  items = queue.Queue(depth)

  def fill():
    try:
      for item in source:
        items.put(item)
      items.put(None)
    except BaseException as error:  # passed on to the thread that asks
      items.put(error)

  threading.Thread(target=fill, daemon=True).start()
  while (item := items.get()) is not None:
    if isinstance(item, BaseException):
      raise item
    yield item


def mlp(width):
  layers = []
  for units in (256, 128, 64):
    dense = nn.Linear(width, units, bias=False)
    nn.init.kaiming_uniform_(dense.weight, nonlinearity='relu')
    layers += [dense, nn.BatchNorm1d(units, eps=1e-3, momentum=0.01), nn.ReLU(inplace=True)]
    width = units
  return nn.Sequential(*layers)


class Dense(nn.Module):
  """All of the model but the tables of categories."""

  def __init__(self):
    super().__init__()
    self.vectors = nn.Parameter(torch.randn(NUMBERS, DIM) * 0.01 / DIM**0.5)
    self.wide = nn.Parameter(torch.randn(NUMBERS, 1) * 0.01)
    self.deep = mlp((NUMBERS + CATEGORIES) * DIM)
    self.top = mlp(1 + DIM + 64)
    self.output = nn.Linear(64, 1)
    nn.init.xavier_uniform_(self.output.weight)
    nn.init.zeros_(self.output.bias)

  def forward(self, numbers, vectors, wide):
    """numbers [B, 13], vectors [B, 26, 16] and wide [B, 26] of the categories -> logits [B], sum of squares."""
    fields = torch.cat([numbers.unsqueeze(2) * self.vectors, vectors], dim=1)  # [B, 39, 16]
    total = fields.sum(dim=1)
    squares = (fields * fields).sum(dim=1)
    cross = 0.5 * (total * total - squares)
    linear = wide.sum(dim=1, keepdim=True) + numbers @ self.wide
    top = self.top(torch.cat([linear, cross, self.deep(fields.flatten(1))], dim=1))
    return self.output(top).squeeze(1), squares.sum() + (wide * wide).sum()


def loss_of(logits, labels, squares):
  likelihood = nn.functional.binary_cross_entropy_with_logits(logits, labels)
  return likelihood + 0.5 * REGULARIZATION * squares


def rate_at(step, first):
  """The config's schedule: halved every thousand steps, 1e-5 at least."""
  return max(first * 0.5**(step // 1000), 1e-5)


def area_under_curve(labels, probabilities, thresholds=200):
  """As the metric auc {} of a config has it: trapezoids between 200 thresholds."""
  edges = np.concatenate([[-1e-7], np.arange(1, thresholds - 1) / (thresholds - 1), [1 + 1e-7]])
  above = lambda values: len(values) - np.searchsorted(np.sort(values), edges, side='right')
  true, false = above(probabilities[labels > 0]), above(probabilities[labels == 0])
  return float(np.trapezoid((true / true[0])[::-1], (false / false[0])[::-1]))


def since_start_ms():
  """Milliseconds since this process began, by the kernel's account of it."""
  with open('/proc/self/stat') as file:
    begun = int(file.read().rsplit(')', 1)[1].split()[19]) / os.sysconf('SC_CLK_TCK')
  with open('/proc/uptime') as file:
    return 1000 * (float(file.read().split()[0]) - begun)


def run(options, model):
  """Trains `model`, which has step(batch, number) and predict(batch), and prints one line of JSON."""
  result = {}
  if options.steps > 0:
    prepared = []
    for batch in batches(options.train, options.batch):
      if len(prepared) == options.batches or len(batch[2]) < options.batch:
        break
      prepared.append(batch)
    warm = min(len(prepared), options.steps)
    for number in range(warm):
      model.step(prepared[number], number)
    begun = time.perf_counter()
    for number in range(options.steps):
      model.step(prepared[number % len(prepared)], warm + number)
    seconds = time.perf_counter() - begun
    result.update(rows_per_second=options.steps * options.batch / seconds)
  else:
    rows = 0
    begun = None
    for number, batch in enumerate(read_ahead(batches(options.train, options.batch))):
      model.step(batch, number)
      if number == 0:
        result.update(first_step_ms=since_start_ms())
        begun = time.perf_counter()
      else:
        rows += len(batch[2])
    result.update(rows_per_second=rows / (time.perf_counter() - begun), steps=number + 1)
    if options.test:
      labels, probabilities = [], []
      for batch in read_ahead(batches(options.test, options.batch)):
        labels.append(batch[2].numpy())
        probabilities.append(model.predict(batch).numpy())
      result.update(auc=area_under_curve(np.concatenate(labels), np.concatenate(probabilities)))
  result.update(peak_rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
  print(json.dumps(result))
