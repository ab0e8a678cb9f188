import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, DataError } from '../../../easyrec/errors.js';
import {
  parseMonitoringConfig,
  readMonitoringConfig,
} from '../../../easyrec/serving/monitoring/monitoring_config.js';

test('metrics are offered at the usual path unless the config names another', () => {
  assert.deepEqual(parseMonitoringConfig('prometheus_config { enable: true }', 'f'), {
    prometheusPath: '/monitoring/prometheus/metrics',
  });
  assert.deepEqual(parseMonitoringConfig('prometheus_config: { enable: true, path: "/metrics" }', 'f'), {
    prometheusPath: '/metrics',
  });
});

test('metrics are not offered unless the config enables them', () => {
  assert.deepEqual(parseMonitoringConfig('prometheus_config { path: "/metrics" }', 'f'), {});
  assert.deepEqual(parseMonitoringConfig('', 'f'), {});
});

test('a config that is wrong or missing is an error that names the file', () => {
  assert.throws(
    () => parseMonitoringConfig('prometheus { enable: true }', 'm.pbtxt'),
    (error) => error instanceof ConfigError && /m\.pbtxt:1/.test(error.message),
  );
  assert.throws(
    () => parseMonitoringConfig('prometheus_config { enable: true path: "metrics" }', 'm.pbtxt'),
    (error) =>
      error instanceof ConfigError &&
      /^m\.pbtxt: prometheus_config\.path: expected a path that begins with \/, received "metrics"$/.test(
        error.message,
      ),
  );
  assert.throws(() => readMonitoringConfig('missing.pbtxt'), DataError);
});
