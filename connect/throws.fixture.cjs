// A bundle with a bug, for pipeline_benthos_test.yaml: it throws for one message, as run() does for what enrich() calls a bug.
exports.create = () => ({
  run() {
    const text = benthos.v0_msg_as_string();
    if (text === "poison") throw new Error("a planted bug");
    benthos.v0_msg_set_meta("to", "enriched");
    benthos.v0_msg_set_string(`${text}, enriched`);
  },
  crashed() {
    benthos.v0_msg_set_meta("iot.reason", "internal");
    benthos.v0_msg_set_meta("to", "raw.dlq");
  },
});
