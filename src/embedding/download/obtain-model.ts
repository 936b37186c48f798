// A model that is named by its id on the hub and is not on this machine: downloaded where the user allows it, whole or
// not at all; else an error at once.
import { randomUUID } from 'node:crypto';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf, IndexerError } from '../../core/errors.ts';
import type { Observer } from '../../core/events.ts';
import { exists, isOwnTemporary, makeDirectory, syncDirectory } from '../../store/files/atomic-file.ts';
import { onnxPathOf, readKnownModels } from '../model/manifest.ts';
import { readSettings, undescribed } from '../model/model-folder.ts';
import { diskError, fetchFile, type Hub } from './hub.ts';

export interface HubModel extends Hub {
  /** `org/name`. */
  readonly id: string;
  readonly isAllowed: boolean;
}

/** What a killed download left is swept after this. */
const LEFTOVER_MS = 24 * 3_600_000;

/**
 * Sees to it that the folder holds the model's files; those that are there stay as they are.
 * Errors: MODEL_MISSING (also: it would have to be downloaded), and those of `fetchFile`, or the signal's reason.
 */
export async function obtainModel(
  folder: string,
  hub: HubModel,
  { observe, signal }: { readonly observe: Observer; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const settings = await readSettings(folder, await readKnownModels());
  if (settings === undefined && (await exists(folder))) return; // told by whoever reads the folder
  if (settings === undefined) throw undescribed(folder);
  const wanted = ['config.json', 'tokenizer_config.json', 'tokenizer.json', onnxPathOf(settings.dtype)];
  const missing: string[] = [];
  for (const path of wanted) if (!(await exists(join(folder, path)))) missing.push(path);
  if (missing.length === 0) return;
  if (!hub.isAllowed) throw notHere(folder, hub, missing.length === wanted.length ? folder : join(folder, missing[0]!));

  observe({ type: 'notice', message: `downloading ${hub.id} from ${hub.endpoint} into ${folder}` });
  const staged = join(dirname(folder), `.${basename(folder)}.${randomUUID()}.tmp`);
  await sweepLeftovers(folder);
  try {
    const { bytes, commit } = await fetchAll(hub, staged, missing, signal);
    await putInPlace(staged, folder, missing);
    const from = commit === null ? '' : ` of commit ${commit.slice(0, 12)}`;
    observe({ type: 'notice', message: `downloaded ${missing.length} files${from}, ${bytes} bytes` });
  } catch (error) {
    throw error instanceof IndexerError ? error : (diskError(folder, error) ?? error);
  } finally {
    // What cannot be removed now is swept by a later download; what happened is of more interest.
    await rm(staged, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** All of one commit, as far as the hub tells. */
async function fetchAll(hub: HubModel, staged: string, paths: readonly string[], signal: AbortSignal | undefined) {
  let bytes = 0;
  let commit: string | null = null;
  for (const path of paths) {
    const into = join(staged, path);
    await makeDirectory(dirname(into));
    const fetched = await fetchFile(hub, { id: hub.id, revision: commit ?? 'main', path, into }, signal);
    commit ??= fetched.commit;
    bytes += fetched.bytes;
  }
  return { bytes, commit };
}

/** A folder that is new appears whole; into one that is there the model's own file goes last. */
async function putInPlace(staged: string, folder: string, paths: readonly string[]): Promise<void> {
  if (!(await exists(folder))) {
    try {
      await rename(staged, folder);
      await syncDirectory(dirname(folder));
      return;
    } catch (error) {
      if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(errnoOf(error))) throw error; // another process was faster
    }
  }
  for (const path of paths) {
    await makeDirectory(dirname(join(folder, path)));
    await rename(join(staged, path), join(folder, path));
  }
  await syncDirectory(folder);
}

async function sweepLeftovers(folder: string): Promise<void> {
  const names = await readdir(dirname(folder)).catch(() => []);
  for (const name of names) {
    if (!name.startsWith(`.${basename(folder)}.`) || !isOwnTemporary(name)) continue;
    const path = join(dirname(folder), name);
    const found = await stat(path).catch(() => null);
    if (found !== null && found.mtimeMs < Date.now() - LEFTOVER_MS) await rm(path, { recursive: true, force: true });
  }
}

function notHere(folder: string, { id, endpoint }: HubModel, path: string): IndexerError {
  return new IndexerError('MODEL_MISSING', `the model ${id} is not on this machine: ${path} does not exist`, {
    hint: `to download it from ${endpoint}: --allow-download; or put its files into ${folder} by hand`,
  });
}
