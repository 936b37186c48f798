// The lines around a hit come from the file as it is now, and are masked like the stored chunks.

import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { done, found, read, temporary, write } from '../compat-failures/project.ts';

const TOKEN = `ghp_${'a1B2c3D4e5'.repeat(4)}`;
const MASKED = '*'.repeat(TOKEN.length);
const TEXT = `TOKEN = "${TOKEN}"\n\n\ndef send_mail(to, text):\n    return transport(to, text)\n`;

let root: string;
beforeAll(() => {
  root = temporary();
  write(root, { 'mail.py': TEXT });
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

/** Of the one function. */
function hit() {
  const hits = found(root, 'send_mail');
  const of = hits.find(({ function_name }) => function_name === 'send_mail');
  if (of === undefined) throw new Error('the function was not found');
  return of;
}

describe('a credential on a line beside a hit', () => {
  test('is masked, and what surrounds it is not', () => {
    done(root, 'index', '-q', '--phase=1');
    expect(hit()).toMatchObject({ stale: false, context_before: [`TOKEN = "${MASKED}"`, '', ''] });
    expect(done(root, 'search', 'send_mail')).not.toContain(TOKEN);
  });

  test('is masked too where it came after the index was made', () => {
    write(root, { 'mail.py': `${read(root, 'mail.py')}OTHER = "${TOKEN}"\n` });
    expect(hit()).toMatchObject({ stale: true, text_found: true, context_after: [`OTHER = "${MASKED}"`, ''] });
  });

  test('is found at its new place if the chunk itself holds a masked one', () => {
    write(root, { 'mail.py': `# moved\n${TEXT}` });
    const constant = found(root, 'TOKEN').find(({ content }) => content.includes(MASKED));
    expect(constant).toMatchObject({ stale: true, text_found: true, start_line: 2 });
  });

  test('is shown if the index was made with --allow-secrets', () => {
    write(root, { 'mail.py': TEXT });
    done(root, 'index', '-q', '--phase=1', '--allow-secrets');
    expect(hit().context_before).toEqual([`TOKEN = "${TOKEN}"`, '', '']);
  });
});
