// Temporary files of our own writes that were cut off, and what a migration that was killed had built.
import { basename } from 'node:path';
import { isOwnTemporary } from '../store/files/atomic-file.ts';
import { bytesIn, type FindWaste, filesBelow, filesIn, removeFilesInOrder, wholePaths } from './waste.ts';

export const findTemporaryFiles: FindWaste = async (place) => {
  const { layout, keepStraysFromMs, fault } = place;
  const staged = [layout.stagedLanceDir, layout.stagedStructureDir, layout.stagedLedgerFile];
  const built = await wholePaths(place, 'strays', 'what a migration that was cut off had built', staged);
  const files = [...(await filesIn(layout.indexDir)), ...(await filesBelow(layout.tandemDir))];
  const strays = files.filter(
    ({ path, modifiedMs }) => isOwnTemporary(basename(path)) && modifiedMs < keepStraysFromMs,
  );
  if (strays.length === 0) return built;
  const what = `${strays.length} temporary ${strays.length === 1 ? 'file' : 'files'}`;
  const remove = () => removeFilesInOrder(strays, () => fault('cleanup.stray-removed'));
  return [...built, { kind: 'strays', what, bytes: bytesIn(strays), remove }];
};
