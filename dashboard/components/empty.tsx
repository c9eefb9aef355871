/** What stands where no message is: why, and what to do. */
import type { ApiTopic } from "../../schemas/api.ts";
import { total, type ViewModel } from "../model/view.ts";

export function NothingKept({ view, topic }: { view: ViewModel; topic: ApiTopic }) {
  if (topic === "dlq")
    return (
      <div class="empty">
        <b>No dead letters in the last hour</b>
        <p>Every message could be enriched.</p>
      </div>
    );
  const isNew = total(view, topic) === 0;
  return (
    <div class="empty">
      <b>{isNew ? "Nothing has arrived yet" : "Nothing has arrived in the last hour"}</b>
      <p>
        {isNew
          ? "The topic is empty. Start the simulator, or send one message:"
          : "Is the simulator running?"}
      </p>
      <code>bun run simulate</code>
    </div>
  );
}

/** Its place is kept on the page of a type also while there are some. */
export const NoneOfType = ({ none }: { none: boolean }) => (
  <div id="none-of-type">
    {none && (
      <div class="empty">
        <b>No messages of this type are kept</b>
        <p>Only the last hour is kept, as far as there is room.</p>
      </div>
    )}
  </div>
);
