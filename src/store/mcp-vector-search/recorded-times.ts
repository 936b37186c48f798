// When files were last changed, as mcp-vector-search recorded it in index_metadata.json.
import { relative, sep } from 'node:path';
import * as v from 'valibot';
import { readObject } from '../files/json-object.ts';
import type { Layout } from '../layout.ts';

/** Seconds by path relative to the root. Recorded paths are absolute, below today's root or the one of config.json. */
export async function readRecordedTimes(layout: Layout, root: string): Promise<Map<string, number>> {
  const { file_mtimes: listed } = await readObject(layout.indexMetadataFile);
  const { project_root: recorded } = await readObject(layout.mvsConfigFile);
  const roots = [root, recorded].filter((each): each is string => typeof each === 'string');
  const times = new Map<string, number>();
  const parsed = v.safeParse(v.record(v.string(), v.number()), listed);
  for (const [path, seconds] of parsed.success ? Object.entries(parsed.output) : []) {
    const home = roots.find((each) => path.startsWith(each + sep));
    if (home !== undefined) times.set(relative(home, path).split(sep).join('/'), seconds);
  }
  return times;
}

/**
 * The recorded time is a double of seconds, exact to a quarter of a microsecond, and copying may cut microseconds off.
 * Archives and some file systems keep whole seconds: a time without a fraction matches the recorded one cut off.
 */
export function isSameTime(recordedSeconds: number, mtimeNs: bigint): boolean {
  const seconds = Number(mtimeNs) / 1e9;
  if (Math.abs(seconds - recordedSeconds) < 2e-6) return true;
  return mtimeNs % 1_000_000_000n === 0n && Math.floor(recordedSeconds) === seconds;
}
