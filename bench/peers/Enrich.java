/**
 * The Kafka Streams peer: what the original's enrichment service does, as a topology of one stateless step.
 *
 * In: broker, raw topic, output topic, messages, passes, registry file. Out: a line "done N" after each pass, all committed.
 * Each pass is a group and an output topic of its own in the same process: the first is cold, the next ones have a warm JIT.
 */
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;

public final class Enrich {
  private static final ObjectMapper JSON = new ObjectMapper();
  /** Its CPU time is read from outside after the last line; then it is ended from there. */
  private static final long LINGER_MS = 60_000;

  /** What a device type adds to each of its messages. */
  private record DeviceType(ObjectNode device, JsonNode measurements) {}

  public static void main(String[] args) throws Exception {
    String broker = args[0];
    String raw = args[1];
    String output = args[2];
    long messages = Long.parseLong(args[3]);
    int passes = Integer.parseInt(args[4]);
    Map<String, DeviceType> types = readRegistry(new File(args[5]));
    for (int pass = 1; pass <= passes; pass++) {
      Path state = Files.createTempDirectory("peers-streams");
      run(settings(broker, output + "-" + pass, state), raw, output + "-" + pass, messages, types);
      try (var files = Files.walk(state)) {
        files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
      }
      System.out.println("done " + pass);
    }
    Thread.sleep(LINGER_MS);
  }

  /** Its producer sends by key, as the messages came: they stay in their partition. */
  private static void run(
      Properties settings, String raw, String output, long messages, Map<String, DeviceType> types)
      throws InterruptedException {
    var count = new AtomicLong();
    var all = new CountDownLatch(1);
    var builder = new StreamsBuilder();
    builder.<byte[], byte[]>stream(raw)
        .mapValues(
            value -> {
              byte[] enriched = enrich(value, types);
              if (count.incrementAndGet() == messages) all.countDown();
              return enriched;
            })
        .to(output);
    try (var streams = new KafkaStreams(builder.build(), settings)) {
      streams.start();
      all.await();
    } // close() flushes and commits
  }

  private static byte[] enrich(byte[] value, Map<String, DeviceType> types) {
    try {
      var message = (ObjectNode) JSON.readTree(value);
      String name = message.path("device_type").asText();
      DeviceType type = types.get(name);
      if (type == null) throw new IllegalStateException("unknown type " + name);
      message.set("device_metadata", type.device);
      message.set("measurement_metadata", type.measurements);
      message
          .putObject("enrichment_info")
          .put("enriched_at", LocalDateTime.now(ZoneOffset.UTC).toString())
          .put("enrichment_service", "iot-enrichment-service")
          .put("enrichment_version", "1.0.0")
          .put("device_type_detected", name);
      message
          .putObject("data_quality")
          .put("timestamp_valid", message.hasNonNull("timestamp"))
          .put("measurements_complete", isComplete(message.path("measurements"), type.measurements))
          .put("enrichment_success", true);
      return JSON.writeValueAsBytes(message);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private static boolean isComplete(JsonNode measurements, JsonNode defined) {
    for (var names = defined.fieldNames(); names.hasNext(); ) {
      if (!measurements.has(names.next())) return false;
    }
    return true;
  }

  private static Map<String, DeviceType> readRegistry(File file) throws IOException {
    var types = new HashMap<String, DeviceType>();
    JSON.readTree(file).get("device_types").properties().forEach(
        entry -> {
          JsonNode type = entry.getValue();
          ObjectNode device = JSON.createObjectNode();
          device.put("device_type", entry.getKey());
          device.set("device_type_name", type.get("name"));
          device.set("device_type_description", type.get("description"));
          device.set("device_category", type.get("category"));
          device.set("capabilities", type.get("capabilities"));
          device.set("data_format", type.get("data_format"));
          device.set("update_frequency", type.get("update_frequency"));
          device.set("retention_policy", type.get("retention_policy"));
          types.put(entry.getKey(), new DeviceType(device, type.get("measurements")));
        });
    return types;
  }

  private static Properties settings(String broker, String application, Path state) {
    var settings = new Properties();
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, broker);
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, state.toString());
    settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.ByteArray().getClass());
    settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.ByteArray().getClass());
    settings.put("auto.offset.reset", "earliest");
    settings.put("producer.acks", "all");
    settings.put("producer.compression.type", "zstd");
    settings.put("producer.batch.size", "524288");
    settings.put("producer.linger.ms", "20");
    return settings;
  }
}
