import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../../../easyrec/errors.js';
import { chooseGateway, gatewayAddress } from '../../../../easyrec/serving/function/project/index.js';

const problem = (message: string): UserError => new UserError(message);

test('the flag comes before config.yaml, that before the environment, and that before the default', () => {
  const environment = { DCF_URL: 'd:1', OPENFX_URL: 'o:2' };
  assert.equal(chooseGateway({ flag: 'f:3', config: 'c:4', environment }), 'f:3');
  assert.equal(chooseGateway({ flag: undefined, config: 'c:4', environment }), 'c:4');
  assert.equal(chooseGateway({ flag: undefined, config: undefined, environment }), 'd:1');
  const only = { DCF_URL: '', OPENFX_URL: 'o:2/' };
  assert.equal(chooseGateway({ flag: undefined, config: undefined, environment: only }), 'o:2');
  assert.equal(chooseGateway({ flag: undefined, config: undefined, environment: {} }), '127.0.0.1:32222');
});

test('an address may be a URL, end with "/", and lack its port', () => {
  for (const text of ['h.x:5', 'http://h.x:5', 'h.x:5/', ' h.x:5 ', 'http://h.x:5//']) {
    assert.equal(gatewayAddress(text, problem), 'h.x:5');
  }
  assert.equal(gatewayAddress('localhost', problem), 'localhost:32222');
  assert.equal(gatewayAddress('[::1]:9', problem), '[::1]:9');
});

test('what is no address is refused, and says where it came from', () => {
  for (const text of ['', 'a b:1', 'h:0', 'h:70000', 'h:x', 'http://h:1/path']) {
    assert.throws(() => gatewayAddress(text, problem), /expected the gateway as HOST:PORT/, text);
  }
  const environment = { OPENFX_URL: 'h:x' };
  assert.throws(
    () => chooseGateway({ flag: undefined, config: undefined, environment }),
    /^UserError: OPENFX_URL: /,
  );
  assert.throws(
    () => chooseGateway({ flag: ':', config: undefined, environment }),
    /^UserError: --gateway: /,
  );
});
