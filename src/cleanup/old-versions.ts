// Versions of the tables that have been replaced, and files that no version names.
import { basename, join } from 'node:path';
import { syncDirectory } from '../store/files/atomic-file.ts';
import { inspectTable } from './table-files.ts';
import { bytesIn, type FindWaste, removeFilesInOrder, type Waste } from './waste.ts';

export const findOldVersions: FindWaste = async ({ layout, keepVersionsFromMs, keepStraysFromMs, fault }) => {
  const waste: Waste[] = [];
  for (const path of [layout.chunksTable, layout.vectorsTable, layout.structureTable]) {
    const { old, oldVersions, unnamed } = await inspectTable(path, keepVersionsFromMs);
    const table = basename(path);
    if (oldVersions > 0) {
      const manifests = old.slice(0, oldVersions);
      waste.push({
        kind: 'old-versions',
        what: `${oldVersions} old ${oldVersions === 1 ? 'version' : 'versions'} of ${table}`,
        bytes: bytesIn(old),
        async remove() {
          await removeFilesInOrder(manifests, () => fault('cleanup.version-removed'));
          await syncDirectory(join(path, '_versions')); // after a power cut no manifest may name what is gone
          await removeFilesInOrder(old.slice(oldVersions), () => fault('cleanup.version-data-removed'));
        },
      });
    }
    const strays = unnamed.filter((file) => file.modifiedMs < keepStraysFromMs);
    if (strays.length > 0) {
      const what = `${strays.length} ${strays.length === 1 ? 'file' : 'files'} of ${table} that no version names`;
      const remove = () => removeFilesInOrder(strays, () => fault('cleanup.stray-removed'));
      waste.push({ kind: 'strays', what, bytes: bytesIn(strays), remove });
    }
  }
  return waste;
};
