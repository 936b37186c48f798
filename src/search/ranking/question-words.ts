// Words of a question that say nothing of the code asked for.
export const QUESTION_WORDS: ReadonlySet<string> = new Set(
  (
    'a about all an and any are as at be because been being but by can could did do does each for from had has have ' +
    'how i if in into is it its me my of on or our out over should so some such than that the their them then there ' +
    'these they this to up us was we were what when where which who whose why will with without would you your ' +
    'happens code function implemented implementation used using use works work'
  ).split(' '),
);
