// Vectors that were being made anew when the run was cut off. They stay while some `index --reembed` would go on with them.
import { readNextVectors } from '../store/next-vectors.ts';
import { bytesIn, type FindWaste, filesBelow, wholePaths } from './waste.ts';

export const findNextVectors: FindWaste = async (place) => {
  const { layout } = place;
  const begun = await readNextVectors(layout);
  if (begun?.state === 'switching') return []; // the next writer ends the switch, and needs all of it
  const retired = await wholePaths(place, 'next-vectors', 'vectors that were replaced', [layout.retiredVectorsTable]);
  const future = begun === null ? 'none' : place.futureOf(begun);
  if (begun === null || future === 'none' || (future === 'other-model' && place.isNow)) {
    const what = begun === null ? 'that nothing describes' : `by ${begun.model.model_id}, recipe ${begun.recipe}`;
    // The journal goes first: what it does not name is begun anew.
    const paths = [layout.nextVectorsFile, layout.nextVectorsTable];
    return [...retired, ...(await wholePaths(place, 'next-vectors', `unfinished vectors ${what}`, paths))];
  }
  const bytes = bytesIn(await filesBelow(layout.nextVectorsTable));
  const what = `unfinished vectors by ${begun.model.model_id}`;
  const kept =
    future === 'this-model'
      ? 'index --reembed will use them'
      : 'index --reembed with that model will use them; --now removes them';
  return [...retired, { kind: 'next-vectors', what, bytes, kept, remove: async () => undefined }];
};
