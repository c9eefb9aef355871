import { expect, test } from "bun:test";
import { Hono } from "hono";
import { guard } from "./guard.ts";

const app = new Hono().use(guard(["IoT.example.com"])).get("*", (c) => c.text("ok"));
const status = async (headers: Record<string, string>) => (await app.request("/", { headers })).status;

test("a name of ALLOWED_HOSTS is answered, whatever its port and case; one that only looks like it is not", async () => {
  for (const host of ["iot.example.com", "IOT.example.com:8443", "iot.example.com."])
    expect(await status({ host })).toBe(200);
  for (const host of [
    "example.com",
    "a.iot.example.com",
    "iot.example.com.evil.example",
    "iot.example.com@evil",
  ])
    expect(await status({ host })).toBe(403);
});

test.each([
  ["passes the name on", "iot.example.com", "https://iot.example.com"],
  ["passes the name on without the port", "iot.example.com", "https://iot.example.com:8443"],
  ["puts a Host of its own", "127.0.0.1:5001", "https://iot.example.com"],
])("behind a proxy that %s, our pages may ask and those of another name may not", async (_, host, origin) => {
  const headers = { host, origin, "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors" };
  expect(await status(headers)).toBe(200);
  expect(await status({ ...headers, origin: "https://evil.example" })).toBe(403);
  // Another port of the same name is another origin: the browser says so.
  expect(await status({ ...headers, "sec-fetch-site": "same-site" })).toBe(403);
});

test("without a name of its own the dashboard answers to none with a dot, and says which setting adds one", async () => {
  const bare = new Hono().use(guard(["127.0.0.1"])).get("*", (c) => c.text("ok"));
  const answer = await bare.request("/", { headers: { host: "iot.example.com" } });
  expect(answer.status).toBe(403);
  expect(await answer.text()).toContain("ALLOWED_HOSTS");
  expect((await bare.request("/", { headers: { host: "localhost:5001" } })).status).toBe(200);
});
