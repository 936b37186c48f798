// Numbers for people.

/** `1234567` → `1,234,567`. */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 file`, `2 files`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${value === 1 ? noun : `${noun}s`}`;
}

/** `8s`, `13m 44s`, `1h 02m`; whole seconds. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}m ${pad(whole % 60)}s`;
  return `${Math.floor(minutes / 60)}h ${pad(minutes % 60)}m`;
}

/** As `duration`, with one decimal below ten seconds: what a short phase took. */
export function elapsed(seconds: number): string {
  return seconds < 9.95 ? `${seconds.toFixed(1)}s` : duration(seconds);
}

/** Items per second: three digits where that is few, whole numbers above. */
export function rate(perSecond: number): string {
  return perSecond >= 100 ? count(perSecond) : Number(perSecond.toPrecision(3)).toString();
}

/** `250 kB`, `3.2 MB`, `47.9 GB`; decimal units. */
export function bytes(value: number): string {
  if (value < 1e6) return `${count(Math.ceil(value / 1000))} kB`;
  return value < 1e9 ? `${(value / 1e6).toFixed(1)} MB` : `${(value / 1e9).toFixed(1)} GB`;
}

/** `2026-12-01T05:44:24.123Z` → `2026-12-01 05:44:24 UTC`; any other text as it is. */
export function moment(iso: string): string {
  return iso.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/, '$1 $2 UTC');
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
