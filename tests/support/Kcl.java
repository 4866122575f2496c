// Amazon's Kinesis Client Library (KCL) as a filter: see kcl.py.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import software.amazon.kinesis.retrieval.AggregatorUtil;
import software.amazon.kinesis.retrieval.KinesisClientRecord;

/**
 * Deaggregates the records of one shard per request. A request is a line with the first and the
 * last hash key of the shard, a line per record with partition key and data, and an empty line. The
 * answer is a line per record with partition key, explicit hash key or "none", data and whether it
 * was aggregated, and an empty line. Keys and data are base64 after a "=", so that none is empty.
 */
class Kcl {
    static String encode(byte[] bytes) {
        return "=" + Base64.getEncoder().encodeToString(bytes);
    }

    static byte[] decode(String word) {
        return Base64.getDecoder().decode(word.substring(1));
    }

    static KinesisClientRecord parse(String line) {
        String[] words = line.split(" ");
        return KinesisClientRecord.builder()
                .sequenceNumber("1")
                .partitionKey(new String(decode(words[0]), StandardCharsets.UTF_8))
                .data(ByteBuffer.wrap(decode(words[1])))
                .build();
    }

    static String format(KinesisClientRecord record) {
        byte[] data = new byte[record.data().remaining()];
        record.data().get(data);
        String hashKey = record.explicitHashKey();
        return String.join(
                " ",
                encode(record.partitionKey().getBytes(StandardCharsets.UTF_8)),
                hashKey == null ? "none" : encode(hashKey.getBytes(StandardCharsets.UTF_8)),
                encode(data),
                String.valueOf(record.aggregated()));
    }

    public static void main(String[] arguments) throws Exception {
        PrintStream answers = System.out;
        // The library logs to standard output.
        System.setOut(System.err);
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in));
        for (String range; (range = requests.readLine()) != null; ) {
            List<KinesisClientRecord> records = new ArrayList<>();
            for (String line; !(line = requests.readLine()).isEmpty(); ) {
                records.add(parse(line));
            }
            String[] ends = range.split(" ");
            for (KinesisClientRecord each :
                    new AggregatorUtil().deaggregate(records, ends[0], ends[1])) {
                answers.println(format(each));
            }
            answers.println();
            answers.flush();
        }
    }
}
