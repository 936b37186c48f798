// The environment for programs we start (git alone), which clean it of what could steer them elsewhere.
import type { Environment } from './environment.ts';

export function childEnvironment(): Environment {
  return process.env;
}
