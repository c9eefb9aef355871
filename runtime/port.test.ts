import { describe, expect, test } from "bun:test";
import { ConfigError } from "../config/env.ts";
import { choosePort, isFree } from "./port.ts";

const HOST = "127.0.0.1";

function takePort(): { port: number; free(): void } {
  const listener = Bun.listen({ hostname: HOST, port: 0, socket: { data() {} } });
  return { port: listener.port, free: () => listener.stop(true) };
}

describe("choosePort", () => {
  test("a free port is taken as it is", () => {
    const { port, free } = takePort();
    free();
    expect(choosePort(HOST, port, true, "PORT")).toBe(port);
  });

  test("where a port is only the default, the next free one is used", () => {
    const taken = takePort();
    const chosen = choosePort(HOST, taken.port, false, "PORT");
    expect(chosen).toBeGreaterThan(taken.port);
    expect(isFree(HOST, chosen)).toBe(true);
    taken.free();
  });

  test("a port that is promised to another service is passed over", () => {
    const taken = takePort();
    const first = choosePort(HOST, taken.port, false, "PORT");
    const second = choosePort(HOST, taken.port, false, "PORT", new Set([first]));
    expect(second).toBeGreaterThan(first);
    taken.free();
  });

  test("an explicit port that is taken is a fault that names the variable and the port", () => {
    const taken = takePort();
    expect(() => choosePort(HOST, taken.port, true, "PORT")).toThrow(ConfigError);
    expect(() => choosePort(HOST, taken.port, true, "PORT")).toThrow(
      `PORT: port ${taken.port} on 127.0.0.1 is taken`,
    );
    taken.free();
  });

  test("port 0 means any", () => {
    expect(choosePort(HOST, 0, true, "PORT")).toBe(0);
  });
});
