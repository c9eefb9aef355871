/**
 * JSON Pointer: into what a device sent, and for naming a place.
 *
 * The walk reads own members of objects and indices of arrays only, so `constructor` or `length` is never found
 * unless it was sent. Source: RFC 6901.
 */

/** `["em:0", "a/b"]` is `/em:0/a~1b`. */
export function pointerOf(tokens: readonly (string | number)[]): string {
  let pointer = "";
  for (const token of tokens) pointer += `/${escapeToken(String(token))}`;
  return pointer;
}

export function escapeToken(token: string): string {
  return token.includes("~") || token.includes("/")
    ? token.replaceAll("~", "~0").replaceAll("/", "~1")
    : token;
}

/** The tokens of a pointer, unescaped; undefined if it is no pointer. */
export function parsePointer(pointer: string): string[] | undefined {
  if (pointer === "") return [];
  if (!pointer.startsWith("/") || /~(?![01])/.test(pointer)) return undefined;
  return pointer.slice(1).split("/").map(unescapeToken);
}

export const unescapeToken = (token: string): string => token.replaceAll("~1", "/").replaceAll("~0", "~");

/** What stands there; undefined if nothing does. */
export function readPointer(value: unknown, tokens: readonly string[]): unknown {
  let at = value;
  for (const token of tokens) {
    if (typeof at !== "object" || at === null) return undefined;
    if (Array.isArray(at)) {
      if (!/^(0|[1-9][0-9]{0,8})$/.test(token)) return undefined;
      at = at[Number(token)];
    } else if (Object.hasOwn(at, token)) at = (at as Record<string, unknown>)[token];
    else return undefined;
  }
  return at;
}
