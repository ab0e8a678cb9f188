/** Columns of EasyRec's movielens_1m example, in file order; tab-separated, no header. */
export const MOVIELENS_COLUMNS = [
  'label',
  'user_id',
  'movie_id',
  'rating',
  'gender',
  'age',
  'job_id',
  'zip_id',
  'title',
  'genres',
  'year',
] as const;

export const TRAIN_FILE = 'movies_train_data';
export const TEST_FILE = 'movies_test_data';
