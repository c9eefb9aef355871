/** End to end on the embedded broker: needs nothing but Bun. */
import { endToEnd } from "./e2e.case.ts";
import { startEmbeddedBroker } from "./system.fixture.ts";

endToEnd("the embedded broker", startEmbeddedBroker);
