// The official Java client, driven by lines of JSON on standard input: {"id": 1, "op": "produce", …}. Each answer is one
// line of JSON on standard output with the same id, and either "result" or "error". Operations run side by side.

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.pulsar.client.api.BatcherBuilder;
import org.apache.pulsar.client.api.CompressionType;
import org.apache.pulsar.client.api.Consumer;
import org.apache.pulsar.client.api.HashingScheme;
import org.apache.pulsar.client.api.Message;
import org.apache.pulsar.client.api.MessageId;
import org.apache.pulsar.client.api.MessageIdAdv;
import org.apache.pulsar.client.api.Producer;
import org.apache.pulsar.client.api.ProducerBuilder;
import org.apache.pulsar.client.api.PulsarClient;
import org.apache.pulsar.client.api.SubscriptionInitialPosition;
import org.apache.pulsar.client.api.SubscriptionType;
import org.apache.pulsar.client.api.TypedMessageBuilder;

public class Interop {
    /** More threads than consumers that wait at the same time. */
    private static final int THREADS = 8;
    private static final Gson GSON = new Gson();
    private static PulsarClient client;

    /** Arguments: service URL. Ends with its input. */
    public static void main(String[] args) throws Exception {
        // Standard output is for answers: a line of the log in the middle of a long one would spoil it.
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        System.setOut(System.err);
        client = PulsarClient.builder().serviceUrl(args[0]).ioThreads(1).listenerThreads(1).build();
        ExecutorService pool = Executors.newFixedThreadPool(THREADS);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            JsonObject request = GSON.fromJson(line, JsonObject.class);
            pool.execute(() -> out.println(answer(request)));
        }
        pool.shutdownNow();
        client.shutdown();
        System.exit(0);
    }

    private static String answer(JsonObject request) {
        JsonObject answer = new JsonObject();
        answer.add("id", request.get("id"));
        try {
            answer.add("result", run(request));
        } catch (Throwable error) {
            answer.addProperty("error", error.toString());
        }
        return GSON.toJson(answer);
    }

    private static JsonElement run(JsonObject request) throws Exception {
        String op = request.get("op").getAsString();
        switch (op) {
            case "produce":
                return produce(request);
            case "consume":
                return consume(request);
            case "subscribe":
                subscribe(request).close();
                return new JsonObject();
            default:
                throw new IllegalArgumentException("expected a known operation, got " + op);
        }
    }

    /**
     * topic, compression, batching (none | default | key), [name], [hashing], [chunkBytes], messages: each [file] of its
     * payload, [key | keyBytes in hex], [orderingKey in hex], [properties], [eventTime], [sequenceId]. Result: lastSequenceId
     * before the first, and of each message what it was given.
     */
    private static JsonElement produce(JsonObject request) throws Exception {
        ProducerBuilder<byte[]> builder = client.newProducer()
            .topic(text(request, "topic", null))
            .compressionType(CompressionType.valueOf(text(request, "compression", "none").toUpperCase()))
            .hashingScheme(HashingScheme.valueOf(text(request, "hashing", "JavaStringHash")))
            // Larger than any test's: what is sent goes out by flush, in as few batches as possible.
            .batchingMaxPublishDelay(10, TimeUnit.SECONDS)
            .maxPendingMessages(10_000)
            .blockIfQueueFull(true);
        String batching = text(request, "batching", "default");
        builder.enableBatching(!batching.equals("none"));
        if (batching.equals("key")) builder.batcherBuilder(BatcherBuilder.KEY_BASED);
        if (request.has("name")) builder.producerName(text(request, "name", null));
        if (request.has("chunkBytes")) {
            builder.enableChunking(true).chunkMaxMessageSize(request.get("chunkBytes").getAsInt());
        }
        try (Producer<byte[]> producer = builder.create()) {
            JsonObject result = new JsonObject();
            result.addProperty("lastSequenceId", producer.getLastSequenceId());
            List<CompletableFuture<MessageId>> sent = new ArrayList<>();
            for (JsonElement message : request.getAsJsonArray("messages")) {
                sent.add(message(producer, message.getAsJsonObject()).sendAsync());
            }
            producer.flush();
            JsonArray ids = new JsonArray();
            for (CompletableFuture<MessageId> id : sent) ids.add(place((MessageIdAdv) id.get(30, TimeUnit.SECONDS)));
            result.add("sent", ids);
            return result;
        }
    }

    private static TypedMessageBuilder<byte[]> message(Producer<byte[]> producer, JsonObject from) throws Exception {
        TypedMessageBuilder<byte[]> message = producer.newMessage();
        message.value(from.has("file") ? Files.readAllBytes(Path.of(text(from, "file", null))) : new byte[0]);
        if (from.has("key")) message.key(text(from, "key", null));
        if (from.has("keyBytes")) message.keyBytes(HexFormat.of().parseHex(text(from, "keyBytes", null)));
        if (from.has("orderingKey")) message.orderingKey(HexFormat.of().parseHex(text(from, "orderingKey", null)));
        if (from.has("eventTime")) message.eventTime(from.get("eventTime").getAsLong());
        if (from.has("sequenceId")) message.sequenceId(from.get("sequenceId").getAsLong());
        if (from.has("properties")) {
            for (Map.Entry<String, JsonElement> one : from.getAsJsonObject("properties").entrySet()) {
                message.property(one.getKey(), one.getValue().getAsString());
            }
        }
        return message;
    }

    private static Consumer<byte[]> subscribe(JsonObject request) throws Exception {
        return client.newConsumer()
            .topic(text(request, "topic", null))
            .subscriptionName(text(request, "subscription", null))
            .consumerName(text(request, "name", "java"))
            .subscriptionType(SubscriptionType.valueOf(text(request, "type", "Exclusive")))
            .subscriptionInitialPosition(SubscriptionInitialPosition.Earliest)
            .subscribe();
    }

    /**
     * topic, subscription, [name], [type], [count], quietMs: reads and acknowledges until there are `count` messages, or
     * none came for so long. Result: the messages.
     */
    private static JsonElement consume(JsonObject request) throws Exception {
        int count = request.has("count") ? request.get("count").getAsInt() : Integer.MAX_VALUE;
        int quietMs = request.get("quietMs").getAsInt();
        JsonArray rows = new JsonArray();
        try (Consumer<byte[]> consumer = subscribe(request)) {
            while (rows.size() < count) {
                Message<byte[]> message = consumer.receive(quietMs, TimeUnit.MILLISECONDS);
                if (message == null) break;
                rows.add(row(message));
                consumer.acknowledge(message);
            }
        }
        return rows;
    }

    private static JsonObject row(Message<byte[]> message) throws Exception {
        JsonObject row = new JsonObject();
        byte[] data = message.getData();
        row.addProperty("bytes", data.length);
        row.addProperty("sha", HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(data)));
        row.addProperty("key", message.hasKey() ? HexFormat.of().formatHex(message.getKeyBytes()) : null);
        row.addProperty("orderingKey",
            message.hasOrderingKey() ? HexFormat.of().formatHex(message.getOrderingKey()) : null);
        row.add("properties", GSON.toJsonTree(new TreeMap<>(message.getProperties())));
        row.addProperty("publishTimeMs", message.getPublishTime());
        row.addProperty("eventTimeMs", message.getEventTime());
        row.addProperty("sequenceId", message.getSequenceId());
        row.addProperty("producerName", message.getProducerName());
        MessageIdAdv id = (MessageIdAdv) message.getMessageId();
        row.addProperty("partition", id.getPartitionIndex());
        row.addProperty("batchSize", id.getBatchSize());
        row.addProperty("place", place(id));
        return row;
    }

    private static String place(MessageIdAdv id) {
        return id.getLedgerId() + ":" + id.getEntryId() + ":" + id.getBatchIndex();
    }

    private static String text(JsonObject from, String name, String otherwise) {
        return from.has(name) ? from.get(name).getAsString() : otherwise;
    }
}
