// The settings for people: the result of `status --config`.
import type { SettingReport, SettingsReport } from '../../config/describe-settings.ts';
import type { Output } from '../output.ts';
import { visible } from '../visible.ts';

export function printSettings(out: Output, { root, settings }: SettingsReport): void {
  out.line(`Settings for ${out.bold(visible(root))}`);
  const width = Math.max(...settings.map(({ key }) => key.length));
  for (const setting of settings) {
    const source = setting.name === null ? out.dim('default') : `from ${visible(setting.name)}`;
    out.line(`  ${setting.key.padEnd(width)}  ${visible(inWords(setting))}  ${source}`);
  }
}

function inWords({ value }: SettingReport): string {
  if (value === null) return '-';
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.join(', ');
  return String(value);
}
