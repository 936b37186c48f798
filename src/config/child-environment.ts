// The environment for programs we start (git alone), which clean it of what could steer them elsewhere.
import type { Environment } from './environment.ts';
import { relativePlaces, userHome } from './places.ts';

/** With absolute places only: git would take a relative HOME for a folder of the project. */
export function childEnvironment(): Environment {
  const relative = new Set(relativePlaces(process.env).map((line) => line.split(' ')[0]));
  const kept = Object.entries(process.env).filter(([name]) => name !== 'HOME' && !relative.has(name));
  const home = userHome(process.env);
  return { ...Object.fromEntries(kept), ...(home === null ? {} : { HOME: home }) };
}
