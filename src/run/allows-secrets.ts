// Whether an index was made with `--allow-secrets`; false where that is not known.
import { readRunFile } from '../store/run-file.ts';

export async function allowsSecrets(runFile: string): Promise<boolean> {
  const run = await readRunFile(runFile);
  return run.state === 'read' && run.value.phase1.selection?.allow_secrets === true;
}
