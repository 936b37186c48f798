// What migrations and rollbacks kept. Without it there is no way back.
import { rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readJournal } from '../migrate/journal.ts';
import { exists, makeDirectory, syncDirectory } from '../store/files/atomic-file.ts';
import { bytesIn, type FindWaste, filesBelow } from './waste.ts';

/**
 * First out of the way by one rename each, then the journal, then the bytes: a backup that is half gone must never be
 * taken for one.
 */
export const findBackups: FindWaste = async ({ layout, fault }) => {
  const journal = await readJournal(layout);
  if (journal !== null && journal.state !== 'done') return []; // a switch that was cut off needs them
  const { single, chunks, vectors } = layout.oldTables;
  const names = [...single, chunks, vectors].map((name) => name.replace(/\.lance$/, '.backup'));
  const backups: string[] = [];
  for (const name of names) if (await exists(join(layout.indexDir, name))) backups.push(join(layout.indexDir, name));
  const files = (await Promise.all([...backups, layout.backupDir].map(filesBelow))).flat();
  if (files.length === 0) return [];
  const named = backups.map((path) => basename(path));
  const kept = (await exists(layout.backupDir)) ? ['what tandem/backup keeps'] : [];
  return [
    {
      kind: 'backups',
      what: `backups: ${[...named, ...kept].join(', ')}`,
      bytes: bytesIn(files),
      async remove() {
        const aside = join(layout.backupDir, 'removed');
        await makeDirectory(aside);
        for (const path of backups) {
          await rm(join(aside, basename(path)), { recursive: true, force: true });
          await rename(path, join(aside, basename(path)));
          fault('cleanup.backup-moved');
        }
        await syncDirectory(layout.indexDir);
        await rm(layout.journalFile, { force: true });
        fault('cleanup.journal-removed');
        await rm(layout.backupDir, { recursive: true, force: true });
        fault('cleanup.backup-removed');
      },
    },
  ];
};
