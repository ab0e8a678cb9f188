// Called by scripts/prepare_movielens: DIR [OUT]
import { prepareMovielens } from '../dist/easyrec/data/prepare_movielens.js';
import { UserError } from '../dist/easyrec/errors.js';

const [source, target = 'data/movielens_1m', ...more] = process.argv.slice(2);
if (source === undefined || source.startsWith('-') || more.length > 0) {
  console.error(
    'usage: scripts/prepare_movielens DIR [OUT]\n  DIR holds ratings.dat, users.dat and movies.dat',
  );
  process.exit(2);
}
try {
  const { train, test } = prepareMovielens({ source, target, seed: 2024, trainShare: 0.9 });
  for (const { path, rows, labelMean } of [train, test]) {
    console.log(`${path}: ${rows} rows, label mean ${labelMean.toFixed(6)}`);
  }
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(error.message);
  process.exit(2);
}
