// `npm run docs:config`: docs/configuration.md's table of settings and the JSON Schema of settings files, from the schema
// that the program checks them by.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isEntry, root, setupOrExit } from './setup.mjs';

const BEGIN = '<!-- settings: begin -->';
const END = '<!-- settings: end -->';

/** What belongs into either file, by its path in the repository. */
export async function configDocs() {
  const { SettingsSchema, defaultSettings } = await import('../dist/config/schema.js');
  const { flagOf } = await import('../dist/config/describe-settings.js');
  const { variableName } = await import('../dist/config/layers.js');
  const { toJsonSchema } = await import('@valibot/to-json-schema');
  const { properties } = toJsonSchema(SettingsSchema, { typeMode: 'input', errorMode: 'ignore' });
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: `Settings of ${manifest.name}`,
    description: 'For .tandem.json, .tandem.jsonc, the key "tandem" of package.json, and the user\'s config.json.',
    type: 'object',
    properties: { $schema: { type: 'string' }, ...properties },
    additionalProperties: false,
  };
  const defaults = defaultSettings();
  const rows = Object.entries(properties).map(([key, { description }]) => {
    const value = ['workers', 'modelDir'].includes(key) ? undefined : defaults[key];
    const shown = value === undefined || value.length === 0 ? '' : `\`${value}\``;
    const flag = flagOf(key);
    return `| \`${key}\` | ${flag === null ? '' : `\`${flag}\``} | \`${variableName(key)}\` | ${shown} | ${description} |`;
  });
  const table = ['| setting | flag | variable | default | meaning |', '| --- | --- | --- | --- | --- |', ...rows].join(
    '\n',
  );
  const page = readFileSync(join(root, 'docs/configuration.md'), 'utf8');
  const [before] = page.split(BEGIN);
  const after = page.split(END)[1];
  return {
    'docs/configuration.md': `${before}${BEGIN}\n\n${table}\n\n${END}${after}`,
    'docs/schemas/settings.json': `${JSON.stringify(schema, null, 2)}\n`,
  };
}

if (isEntry(import.meta.url)) {
  await setupOrExit();
  for (const [path, text] of Object.entries(await configDocs())) writeFileSync(join(root, path), text);
}
