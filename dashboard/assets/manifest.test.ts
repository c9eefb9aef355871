import { describe, expect, test } from "bun:test";
import { assets, get } from "../app.fixture.ts";

describe("assets", () => {
  test("are named by their content, may be kept for ever, and come compressed", async () => {
    const href = assets.href("live.js");
    expect(href).toMatch(/^\/assets\/live-[0-9a-f]{10}\.js$/);
    const answer = await get(href, { "accept-encoding": "gzip" });
    expect(answer.headers.get("cache-control")).toContain("immutable");
    expect(answer.headers.get("content-encoding")).toBe("gzip");
    expect((await answer.arrayBuffer()).byteLength).toBeLessThan(20_480);
    expect((await get("/assets/manifest.json")).status).toBe(404);
    expect((await get("/assets/..%2f..%2fpackage.json")).status).toBe(404);
  });
});
