// What a file is for, by its path.
export type Role = 'source' | 'test' | 'example' | 'documentation';

const TEST =
  /(^|\/)(tests?|__tests__|specs?|testing|test[-_]?utils?|testdata|fixtures?|mocks?|__mocks__)\/|(^|[/_.-])(test|spec)s?[._-][^/]*$|[._-](test|spec|mock)s?\.[^/.]+$|(Test|Tests|Spec)\.[^/.]+$|(^|\/)conftest\.py$/;
const EXAMPLE =
  /(^|\/)(examples?|demos?|samples?|bench(marks?)?|compat|legacy|deprecated|_compat)\/|(^|\/)_?compat\.[^/.]+$/;
const DOCUMENTATION = /(^|\/)docs?\/[^/]+\.(md|mdx|rst|adoc|txt)$|\.(md|mdx|rst|adoc|txt)$/i;

export function roleOf(path: string): Role {
  if (TEST.test(path)) return 'test';
  if (DOCUMENTATION.test(path)) return 'documentation';
  if (EXAMPLE.test(path)) return 'example';
  return 'source';
}
