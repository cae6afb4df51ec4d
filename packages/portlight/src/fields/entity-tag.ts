const TAG = /(?:W\/)?"[^"]*"/g;

/** Whether an If-None-Match field names the tag; weak tags are equal to strong ones (RFC 9110 §8.8.3.2). */
export function matchesWeakly(field: string, tag: string): boolean {
  return field.trim() === '*' || tagsOf(field).some((each) => opaque(each) === opaque(tag));
}

/** Whether an If-Match field names the tag, both being strong. */
export function matchesStrongly(field: string, tag: string): boolean {
  return field.trim() === '*' || tagsOf(field).some((each) => each === tag && !each.startsWith('W/'));
}

function tagsOf(field: string): readonly string[] {
  return field.match(TAG) ?? [];
}

function opaque(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag;
}
