// Manifests and JSON files that were not whole and had been set aside.
import { type FindWaste, wholePaths } from './waste.ts';

export const findQuarantine: FindWaste = (place) =>
  wholePaths(place, 'quarantine', 'what was not whole and had been set aside', [place.layout.quarantineDir]);
