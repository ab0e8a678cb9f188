import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../atomic_files.js';
import { UserError } from '../errors.js';
import { chromeTrace } from '../report/profile/chrome_trace.js';
import { profileText } from '../report/profile/profile_text.js';
import type { StepProfiler } from '../train/step_profiler.js';
import type { CommandContext } from './command.js';

export interface ProfileOptions {
  readonly directory: string;
  /** Whether standard output holds JSON: the tables are then left out. */
  readonly json: boolean;
}

/**
 * Shows where the time of steps went, and writes it: `profile.json`, and `trace.json` in the trace event format.
 *
 * @throws UserError when the folder cannot be written.
 */
export async function reportProfile(
  profiler: StepProfiler,
  { log, stdout }: CommandContext,
  { directory, json }: ProfileOptions,
): Promise<void> {
  const profile = profiler.result();
  if (profile === null) {
    log.warn('--profile: there was no step to profile');
    return;
  }
  if (!json) stdout.write(profileText(profile));
  try {
    await mkdir(directory, { recursive: true });
  } catch (error) {
    throw new UserError(`--profile: cannot make the folder ${directory}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const trace = join(directory, 'trace.json');
  await writeFileAtomic(join(directory, 'profile.json'), `${JSON.stringify(profile, null, 1)}\n`);
  await writeFileAtomic(trace, JSON.stringify(chromeTrace(profiler.steps)));
  log.info(`wrote ${trace}, which chrome://tracing and Perfetto open, and profile.json beside it`);
}
