import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { buildOp } from '../../easyrec/setup/build_op.js';
import { buildBundledOps } from '../../easyrec/setup/build_bundled_ops.js';
import { locateLibtensorflow } from '../../easyrec/setup/locate.js';
import { packageFile } from '../../easyrec/package_files.js';
import { runPython, skipWithoutTensorflow } from '../support/python.js';
import { temporaryFolder, writeFiles } from './support.js';

const TRIPLE = `
#include "easyrec/op.h"
namespace {
class Triple {
 public:
  explicit Triple(const easyrec::Construction&) {}
  void Compute(const easyrec::Context& context) const {
    const easyrec::Tensor input = context.Input(0);
    const easyrec::Tensor output = context.Output<float>(0, input.shape());
    for (int64_t i = 0; i < input.size(); i++) output.data<float>()[i] = 3 * input.data<float>()[i];
  }
};
void Shape(const easyrec::ShapeContext& context) { context.SetOutput(0, context.Input(0)); }
const bool registered = [] {
  easyrec::OpDefinition("Triple").Input("x: float").Output("y: float").ShapeFunction<Shape>().Register();
  easyrec::RegisterKernel<Triple>("Triple");
  return true;
}();
}
`;

const CXX_TRIPLE = `
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/shape_inference.h"
REGISTER_OP("CxxTriple").Input("x: float").Output("y: float").SetShapeFn(
    [](tensorflow::shape_inference::InferenceContext* c) { c->set_output(0, c->input(0)); return tensorflow::Status(); });
class CxxTriple : public tensorflow::OpKernel {
 public:
  explicit CxxTriple(tensorflow::OpKernelConstruction* c) : OpKernel(c) {}
  void Compute(tensorflow::OpKernelContext* c) override {
    tensorflow::Tensor* y = nullptr;
    OP_REQUIRES_OK(c, c->allocate_output(0, c->input(0).shape(), &y));
    y->flat<float>() = c->input(0).flat<float>() * 3.0f;
  }
};
REGISTER_KERNEL_BUILDER(Name("CxxTriple").Device(tensorflow::DEVICE_CPU), CxxTriple);
`;

const CALL = `
import sys, tensorflow as tf
print(getattr(tf.load_op_library(sys.argv[1]), sys.argv[2])([1.0, 2.0]).numpy().tolist())`;

describe('buildOp', () => {
  test(
    'builds an op of one file, which then loads in every TensorFlow',
    { skip: skipWithoutTensorflow('2.12', '2.21') },
    async (t) => {
      const folder = temporaryFolder(t);
      writeFiles(folder, { 'triple.cc': TRIPLE });
      const { library, warnings } = await buildOp([join(folder, 'triple.cc')], {
        out: join(folder, 'out/triple.so'),
      });
      assert.equal(library, join(folder, 'out/triple.so'));
      assert.equal(warnings, '');
      assert.equal((await runPython('2.12', CALL, [library, 'triple'])).trim(), '[3.0, 6.0]');
      assert.equal((await runPython('2.21', CALL, [library, 'triple'])).trim(), '[3.0, 6.0]');
    },
  );

  test(
    'builds an op on the C++ API for the TensorFlow it was built against',
    {
      skip: process.env.EASYREC_TEST_PYTHON_2_21 ? false : 'needs the cache that scripts/test fills',
      timeout: 300_000,
    },
    async (t) => {
      const folder = temporaryFolder(t);
      writeFiles(folder, { 'cxx_triple.cc': CXX_TRIPLE });
      const location = locateLibtensorflow({ version: '2.21.0' });
      const { library } = await buildOp([join(folder, 'cxx_triple.cc')], {
        out: join(folder, 'libcxx_triple.so'),
        cxxApi: true,
        location,
      });
      assert.equal((await runPython('2.21', CALL, [library, 'cxx_triple'])).trim(), '[3.0, 6.0]');
    },
  );

  test("shows the compiler's own message and keeps the library that was there", async (t) => {
    const folder = temporaryFolder(t);
    writeFiles(folder, { 'bad.cc': 'int broken = ;\n', 'libbad.so': 'the good one' });
    const out = join(folder, 'libbad.so');
    await assert.rejects(buildOp([join(folder, 'bad.cc')], { out }), {
      name: 'NativeError',
      message: /^g\+\+ could not build .*bad\.cc:\n.*bad\.cc:1:14: error: /s,
    });
    assert.equal(readFileSync(out, 'utf8'), 'the good one');
    assert.deepEqual(readdirSync(folder).sort(), ['bad.cc', 'libbad.so']);
  });

  test('refuses a library with an undefined symbol, which would fail only when it is loaded', async (t) => {
    const folder = temporaryFolder(t);
    writeFiles(folder, {
      'a.cc':
        'int absent(); int used() { return absent(); }\n__attribute__((visibility("default"))) int x() { return used(); }\n',
    });
    await assert.rejects(
      buildOp([join(folder, 'a.cc')], { out: join(folder, 'a.so') }),
      /undefined reference to .absent\(\)/,
    );
    assert.equal(existsSync(join(folder, 'a.so')), false);
  });

  test('names a missing source and a missing compiler', async (t) => {
    const folder = temporaryFolder(t);
    writeFiles(folder, { 'a.cc': '' });
    const source = join(folder, 'a.cc');
    await assert.rejects(buildOp([source, '/no/b.cc']), {
      name: 'NativeError',
      message: '/no/b.cc: no such file',
    });
    await assert.rejects(buildOp([source], { compiler: 'no-such-g++' }), {
      name: 'NativeError',
      message: /^no-such-g\+\+ was not found: .*apt-get install g\+\+/,
    });
    await assert.rejects(buildOp([]), /no source file/);
  });

  test('says where headers are missing', async (t) => {
    const folder = temporaryFolder(t);
    writeFiles(folder, { 'a.cc': '', 'libtensorflow.so.2': '', 'libtensorflow_framework.so.2': '' });
    const env = { ...process.env, EASYREC_LIBTENSORFLOW: folder };
    await assert.rejects(
      buildOp([join(folder, 'a.cc')], { env }),
      /came without headers: expected tensorflow\/c\/kernels\.h/,
    );
  });
});

describe('buildBundledOps', () => {
  test('builds one library for each op, and the reader', async () => {
    const libraries = await buildBundledOps(locateLibtensorflow());
    assert.deepEqual(
      libraries,
      ['dense', 'edit_distance', 'embedding_store', 'overlap', 'reader', 'zero_out'].map((name) =>
        packageFile(`ops/lib/lib${name}.so`),
      ),
    );
  });

  test('shows what the compiler says when a source is wrong', async (t) => {
    const folder = temporaryFolder(t);
    writeFiles(folder, {
      'CMakeLists.txt': 'cmake_minimum_required(VERSION 3.13)\nproject(x CXX)\nadd_library(a MODULE a.cc)\n',
      'a.cc': 'int broken = ;\n',
    });
    await assert.rejects(buildBundledOps(locateLibtensorflow(), { directory: folder }), {
      name: 'NativeError',
      message: /^the ops could not be built:\n.*a\.cc:1:14: error: /s,
    });
  });
});
