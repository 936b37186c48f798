// `tandem verify`: compares an index with itself and with the files, by a reader of its own.
import { IndexerError } from '../core/errors.ts';
import { isBeating, readLockHolder } from '../store/lock/lock.ts';
import { examine, locate, type VerifyOptions, type VerifyPlace, type VerifyReport } from '../verify/examine.ts';
import { type CutSettings, cutFiles } from './cut-files.ts';

export type { VerifyOptions, VerifyReport } from '../verify/examine.ts';
export type { Finding } from '../verify/findings.ts';

/**
 * Proves an index, or names what is wrong with it; changes nothing.
 * Errors: NO_INDEX, MIGRATION_NEEDED, FORMAT_TOO_NEW; INDEX_LOCKED if a writer is at work or changes it meanwhile.
 */
export async function verifyIndex(
  place: VerifyPlace & CutSettings,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const { lockFile } = await locate(place);
  const holder = await readLockHolder(lockFile);
  const isWriting = () => beingWritten(`pid ${holder?.pid} on ${holder?.host} is writing it`);
  if (holder?.verdict === 'alive') throw isWriting();
  // One that cannot be seen from here may have ended long ago, with its container: then its heart stands still.
  const watched = holder?.verdict === 'unknown' ? isBeating(lockFile) : Promise.resolve(false);
  const [{ report }, beats] = await Promise.all([examine(place, { ...options, cut: cutFiles(place) }), watched]);
  if (beats) throw isWriting();
  const later = await readLockHolder(lockFile);
  if (later !== null && later.nonce !== holder?.nonce) throw beingWritten('a writer began while it was read');
  return report;
}

function beingWritten(what: string): IndexerError {
  return new IndexerError('INDEX_LOCKED', `the index cannot be verified now: ${what}`, {
    hint: 'run this again when the writer has finished',
  });
}
