"""Trains a config with Python EasyRec, found through PYTHONPATH, and prints one line of JSON."""
import argparse
import json
import os
import resource
import sys
import time

# After these the rate is taken: the first step saves a checkpoint and fills caches.
WARM_STEPS = 5


def since_start_ms():
  """Milliseconds since this process began, by the kernel's account of it."""
  with open('/proc/self/stat') as file:
    begun = int(file.read().rsplit(')', 1)[1].split()[19]) / os.sysconf('SC_CLK_TCK')
  with open('/proc/uptime') as file:
    return 1000 * (float(file.read().split()[0]) - begun)


def main():
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument('--config', required=True)
  parser.add_argument('--train', required=True)
  parser.add_argument('--test', required=True)
  parser.add_argument('--model_dir', required=True)
  parser.add_argument('--batch', type=int, required=True)
  parser.add_argument('--threads', type=int, required=True)
  options = parser.parse_args()
  result = train(options)
  result.update(peak_rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
  print(json.dumps(result))


def train(options):
  from easy_rec.python import main as easyrec
  from easy_rec.python.utils import config_util
  tf = easyrec.tf

  class Clock(tf.train.SessionRunHook):

    def __init__(self):
      self.ends = []
      self.first_step_ms = None

    def after_run(self, run_context, run_values):
      if not self.ends:
        self.first_step_ms = since_start_ms()
      self.ends.append(time.perf_counter())

  clock = Clock()
  spec = tf.estimator.TrainSpec
  tf.estimator.TrainSpec = lambda **settings: spec(hooks=[clock], **settings)
  config = config_util.get_configs_from_pipeline_file(options.config)
  config.train_input_path = options.train
  config.eval_input_path = options.test
  config.model_dir = options.model_dir
  config.data_config.batch_size = options.batch
  config.train_config.intra_op_parallelism_threads = options.threads
  config.train_config.inter_op_parallelism_threads = options.threads
  config.export_config.exporter_type = 'none'
  if config.model_config.WhichOneof('model') is None:
    config.model_config.model_params.SetInParent()  # EasyRec asks for it, even empty
  easyrec._train_and_evaluate_impl(config)
  steps = len(clock.ends)
  # The last batch may be smaller and is left out.
  seconds = clock.ends[steps - 2] - clock.ends[WARM_STEPS - 1]
  rows = (steps - 1 - WARM_STEPS) * options.batch
  metrics = easyrec.evaluate(config)
  return {
      'first_step_ms': clock.first_step_ms,
      'rows_per_second': rows / seconds,
      'steps': steps,
      'auc': float(metrics['auc']),
  }


if __name__ == '__main__':
  sys.exit(main())
